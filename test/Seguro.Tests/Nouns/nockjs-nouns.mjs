import { Atom, Cell, jam, cue, cue_bytes, dwim } from '@urbit/nockjs';
// Prints, for COUNT SEED, lines of mug and jam (hexadecimal) of random nouns full of sharing, as the npm package @urbit/nockjs has them.
let seed = BigInt(process.argv[3] ?? 1);
const mask = (1n << 64n) - 1n;
function next() { seed = (seed * 6364136223846793005n + 1442695040888963407n) & mask; return seed >> 20n; }
function below(n) { return Number(next() % BigInt(n)); }
function atom() {
  const kind = below(6);
  if (kind === 0) return new Atom(BigInt(below(4)));
  if (kind === 1) return new Atom(BigInt(below(1000)));
  let bits = BigInt(kind < 5 ? below(70) : below(700)), value = 0n;
  for (let i = 0n; i < bits; i += 44n) value = (value << 44n) | next();
  return new Atom(value & ((1n << bits) - 1n));
}
function noun(pool, depth) {
  if (pool.length > 0 && below(4) === 0) return pool[below(pool.length)];
  const made = depth === 0 || below(3) === 0 ? atom() : new Cell(noun(pool, depth - 1), noun(pool, depth - 1));
  pool.push(made);
  return made;
}
function hex(a) { let h = a.number.toString(16); if (h.length % 2) h = '0' + h; return h.match(/../g).reverse().join(''); }
const lines = [];
for (let i = 0; i < Number(process.argv[2] ?? 200); i++) {
  const n = noun([], 2 + below(9));
  lines.push((n.mug() >>> 0).toString(16).padStart(8, '0') + ' ' + hex(jam(n)));
}
console.log(lines.join('\n'));
