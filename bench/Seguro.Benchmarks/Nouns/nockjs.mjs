import fs from 'fs';
import { jam, cue_bytes } from '@urbit/nockjs';
import noun from 'nockjs-nock/noun.js';
import compiler from 'nockjs-nock/compiler.js';
// The other side of the nouns benchmark: does what each line of the input says, and answers with milliseconds and what came of it.
// jam, cue, mug: @urbit/nockjs 1.6.0. nock: its version 0.0.1, the only one that has its Nock (formulas compiled to JavaScript; opcodes 0-9 as in 4K).
let bytes, view, last;
const context = new compiler.Context();
function time(work) {
  const start = performance.now();
  const result = work();
  return [performance.now() - start, result];
}
// Kept, because what is compiled of a formula is kept in its object.
const parsed = new Map();
function parse(text) {
  if (!parsed.has(text)) parsed.set(text, noun.dwim(JSON.parse(text.replaceAll(' ', ','))));
  return parsed.get(text);
}
function sum(n) { return n.deep ? sum(n.head) + sum(n.tail) : BigInt(n.number.toString()); }
function run(verb, rest) {
  switch (verb) {
    case 'load':
      bytes = fs.readFileSync(rest);
      view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      return [0, bytes.length];
    case 'cue': {
      const [taken, n] = time(() => cue_bytes(view));
      last = n;
      return [taken, 'noun'];
    }
    // After cue, so that no mug is known yet.
    case 'mug': {
      const [taken, mug] = time(() => last.mug());
      return [taken, (mug >>> 0).toString(16).padStart(8, '0')];
    }
    case 'jam': {
      const [taken, atom] = time(() => jam(last));
      const same = atom.number === BigInt('0x' + Buffer.from(bytes).reverse().toString('hex'));
      return [taken, same ? 'same' : 'other'];
    }
    case 'nock': {
      const [core, formula] = rest.split('|').map(parse);
      const [taken, product] = time(() => context.nock(core, formula));
      return [taken, sum(product)];
    }
  }
}
let input = '';
for await (const chunk of process.stdin) {
  input += chunk;
  for (let end; (end = input.indexOf('\n')) >= 0; input = input.slice(end + 1)) {
    const line = input.slice(0, end), space = line.indexOf(' ');
    const [taken, result] = run(space < 0 ? line : line.slice(0, space), line.slice(space + 1));
    console.log(taken + ' ' + result);
  }
}
