/**
 * A value made at its first use and kept: tables that cost something to build and never change.
 *
 * Importing a module of src/idmef therefore costs nothing, and a program that never reads IDMEF never pays.
 */
export function lazy<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
