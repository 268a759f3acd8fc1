/**
 * Ways in which a disk spoils a journal's files, each deterministic by its source of chance. For r07-corruption.ts.
 *
 * A mutation gets the files as buffers (undefined: missing) and returns what is left of them. One that finds nothing
 * to spoil (no log, no free page) changes nothing, and its caller takes another.
 */

export interface Files {
  readonly db: Buffer | undefined;
  readonly wal: Buffer | undefined;
}

export interface Mutation {
  readonly name: string;
  apply(files: Files, chance: () => number): Files;
}

const PAGE = 16 * 1024;
const CHUNK = 4 * 1024;
const FRAME = PAGE + 24;
const HEADER = 100;

type Spoil = (file: Buffer, chance: () => number) => Buffer;

const inDb = (name: string, spoil: Spoil): Mutation => ({
  name,
  apply: ({ db, wal }, chance) => ({ db: db === undefined ? db : spoil(Buffer.from(db), chance), wal }),
});
const inWal = (name: string, spoil: Spoil): Mutation => ({
  name,
  apply: ({ db, wal }, chance) => ({
    db,
    wal: wal === undefined || wal.length < FRAME ? wal : spoil(Buffer.from(wal), chance),
  }),
});

export const mutations: readonly Mutation[] = [
  inDb('bit flips', flips(0)),
  inDb('bit flips in the header', (file, chance) => flipIn(file, 0, HEADER, chance)),
  inDb('bit flips in the schema', (file, chance) => flipIn(file, 0, PAGE, chance)),
  inDb('bit flips in branch and index pages', flipInPages([2, 5, 10])),
  inDb('bit flips in leaf pages', flipInPages([13])),
  inDb('bit flips in free pages and their list', flipInFreelist),
  inDb('bit flips in what holds bodies', flipInPages([0])),
  inDb('garbage in place of the header', (file, chance) => fillFrom(file, 0, HEADER, chance)),
  inDb('truncated', truncate),
  inDb('swapped chunks', swap(CHUNK)),
  inDb('swapped pages', swap(PAGE)),
  inDb('zeroed chunk', zero(CHUNK)),
  inDb('zeroed page', zero(PAGE)),
  inDb('garbage chunk', (file, chance) => fillFrom(file, at(file, CHUNK, chance), CHUNK, chance)),
  inDb('zero length', () => Buffer.alloc(0)),
  { name: 'missing file', apply: ({ wal }) => ({ db: undefined, wal }) },
  { name: 'missing log', apply: ({ db }) => ({ db, wal: undefined }) },
  inWal('bit flips in the log', flips(32)),
  inWal('bit flips in the log header', (file, chance) => flipIn(file, 0, 32, chance)),
  inWal('bit flips in frame headers', (file, chance) => {
    const frame = 32 + FRAME * Math.floor(chance() * Math.floor((file.length - 32) / FRAME));
    return flipIn(file, frame, 24, chance);
  }),
  inWal('truncated log', truncate),
  inWal('swapped chunks of the log', swap(CHUNK)),
  inWal('zeroed chunk of the log', zero(CHUNK)),
];

function flipIn(file: Buffer, from: number, length: number, chance: () => number): Buffer {
  const room = Math.min(length, file.length - from);
  if (room <= 0) return file;
  for (let count = 0; count < 2; count++) {
    const where = from + Math.floor(chance() * room);
    file[where] = (file[where] ?? 0) ^ (1 << Math.floor(chance() * 8));
  }
  return file;
}

function flips(from: number): Spoil {
  return (file, chance) => flipIn(file, from, file.length - from, chance);
}

/** Pages whose first byte says so: 2, 5, 10, 13 are those of trees, 0 begins what follows an overflow pointer. */
function flipInPages(types: readonly number[]): Spoil {
  return (file, chance) => {
    const pages: number[] = [];
    for (let page = PAGE; page < file.length; page += PAGE) {
      if (types.includes(file[page] ?? 0)) pages.push(page);
    }
    const page = pages[Math.floor(chance() * pages.length)];
    return page === undefined ? file : flipIn(file, page, PAGE, chance);
  };
}

/** The fields of the header, or the first entries of the list's first page. */
function flipInFreelist(file: Buffer, chance: () => number): Buffer {
  const trunk = file.readUInt32BE(32);
  if (trunk === 0) return file;
  const offset = (trunk - 1) * PAGE;
  if (chance() < 0.3 || offset >= file.length) return flipIn(file, 32, 8, chance);
  return flipIn(file, offset, 8 + 4 * Math.max(1, file.readUInt32BE(36)), chance);
}

function fillFrom(file: Buffer, from: number, length: number, chance: () => number): Buffer {
  for (let where = from; where < Math.min(from + length, file.length); where++) file[where] = chance() * 256;
  return file;
}

/** Mostly little is cut off, at times nearly everything. */
function truncate(file: Buffer, chance: () => number): Buffer {
  return file.subarray(0, file.length - Math.floor(file.length * chance() ** 3));
}

function at(file: Buffer, unit: number, chance: () => number): number {
  return unit * Math.floor(chance() * Math.floor(file.length / unit));
}

function swap(unit: number): Spoil {
  return (file, chance) => {
    const [one, other] = [at(file, unit, chance), at(file, unit, chance)];
    const kept = Buffer.from(file.subarray(one, one + unit));
    file.copy(file, one, other, other + unit);
    kept.copy(file, other);
    return file;
  };
}

function zero(unit: number): Spoil {
  return (file, chance) => {
    const from = at(file, unit, chance);
    return file.fill(0, from, from + unit);
  };
}
