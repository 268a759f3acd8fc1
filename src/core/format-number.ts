/** Whole numbers for people: `12,408`. Called where logs and commands say how many. */

export function formatNumber(value: number): string {
  return String(value).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}
