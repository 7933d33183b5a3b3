// Random atoms of many sizes as npm's urbit-ob and @urbit/aura write them: "kind number text" a line.
import ob from 'urbit-ob';
import { scot } from '@urbit/aura';

const [count, seed] = process.argv.slice(2).map(Number);
let state = BigInt(seed) * 6364136223846793005n + 1442695040888963407n;
const next = () => {
  state = (state * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n);
  return state >> 11n;
};
const atom = (bits) => {
  let number = 0n;
  for (let i = 0; i < bits; i += 53) number = (number << 53n) | next();
  return number & ((1n << BigInt(bits)) - 1n);
};
for (let i = 0; i < count; i++) {
  const ship = atom(1 + Number(next() % 128n));
  const name = ob.patp(ship.toString());
  if (name !== scot('p', ship)) throw new Error(`the two packages differ: ${ship}`);
  console.log(`p ${ship} ${name}`);
  const text = atom(1 + Number(next() % 200n));
  console.log(`uv ${text} ${scot('uv', text)}`);
  // Years that people live in: the second's fraction in 16 bits, as the runtime fills it.
  const date = ((0x8000000cce9e0d80n + (next() % 4294967296n)) << 64n) | ((next() % 65536n) << 48n);
  console.log(`da ${date} ${scot('da', date)}`);
}
