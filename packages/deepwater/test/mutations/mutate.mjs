/** What can happen to a file, by seed. Each gives back how to undo it. */
import fs from 'node:fs';
import path from 'node:path';

/** mulberry32: small, seeded, and the same everywhere. */
export function randomFrom(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The number that stands for mutation `index` of a seed. */
export function mix(seed, index) {
  let h = (seed ^ Math.imul(index + 1, 0x9e3779b1)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b) >>> 0;
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35) >>> 0;
  return (h ^ (h >>> 16)) >>> 0;
}

const SECTOR = 512;
const PAGE = 4096;
const EXTREMES = [0, 1, 2, 3, 4, 7, 8, 0x7f, 0xff, 0x100, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

/** A file that is mutated, with its bytes as they were. */
export class Target {
  /**
   * @param regions where there is something to break, as [from, to, weight]
   * @param older contents that the file had before
   * @param others files that may be mistaken for it
   * @param bare stretches [from, to) that nothing vouches for: they are left alone
   */
  constructor(file, kind, regions, older = [], others = [], bare = []) {
    Object.assign(this, { file, kind, regions, older, others, bare });
    this.bytes = fs.readFileSync(file);
    this.total = regions.reduce((sum, [, , weight]) => sum + weight, 0);
  }

  place(random) {
    let at = random() * this.total;
    for (const [from, to, weight] of this.regions) {
      at -= weight;
      if (at < 0) return from + Math.floor(random() * (to - from));
    }
    return this.regions[0][0];
  }
}

/** The bytes, but for stretches that are to be left alone. */
function spared({ bare, bytes: original }, at, bytes) {
  const result = Buffer.from(bytes);
  for (const [from, to] of bare) {
    for (let i = Math.max(from, at); i < Math.min(to, at + result.length); i++) result[i - at] = original[i];
  }
  return result;
}

/** Overwrites bytes, and puts them back. */
function overwrite(target, wanted) {
  const pieces = wanted.map(([at, bytes]) => [at, spared(target, at, bytes)]);
  const fd = fs.openSync(target.file, 'r+');
  for (const [at, bytes] of pieces) fs.writeSync(fd, bytes, 0, bytes.length, at);
  fs.closeSync(fd);
  return () => {
    const back = fs.openSync(target.file, 'r+');
    for (const [at, bytes] of pieces) fs.writeSync(back, target.bytes, at, Math.min(bytes.length, target.bytes.length - at), at);
    fs.ftruncateSync(back, target.bytes.length);
    fs.closeSync(back);
  };
}

const clip = (target, at, bytes) => [at, bytes.subarray(0, Math.max(0, target.bytes.length - at))];

const BYTES = {
  flipBit(target, random) {
    const at = target.place(random);
    const bit = Math.floor(random() * 8);
    return { what: `bit ${bit} of byte ${at} flipped`, undo: overwrite(target, [[at, Buffer.of(target.bytes[at] ^ (1 << bit))]]) };
  },
  setByte(target, random) {
    const at = target.place(random);
    const value = Math.floor(random() * 256);
    return { what: `byte ${at} set to ${value}`, undo: overwrite(target, [[at, Buffer.of(value)]]) };
  },
  setWord(target, random) {
    const at = Math.min(target.place(random) & ~3, target.bytes.length - 4);
    const value = EXTREMES[Math.floor(random() * EXTREMES.length)];
    const word = Buffer.alloc(4);
    word.writeUInt32LE(value);
    return { what: `word at ${at} set to ${value}`, undo: overwrite(target, [[Math.max(0, at), word]]) };
  },
  fillSector(target, random) {
    const size = random() < 0.7 ? SECTOR : PAGE;
    const at = Math.floor(target.place(random) / size) * size;
    const value = random() < 0.6 ? 0 : random() < 0.5 ? 0xff : Math.floor(random() * 256);
    return { what: `${size} bytes at ${at} filled with ${value}`, undo: overwrite(target, [clip(target, at, Buffer.alloc(size, value))]) };
  },
  scramble(target, random) {
    const at = target.place(random);
    const bytes = Buffer.from(Array.from({ length: 1 + Math.floor(random() * 64) }, () => Math.floor(random() * 256)));
    return { what: `${bytes.length} bytes at ${at} scrambled`, undo: overwrite(target, [clip(target, at, bytes)]) };
  },
  swapSectors(target, random) {
    const size = random() < 0.7 ? SECTOR : PAGE;
    const a = Math.floor(target.place(random) / size) * size;
    const b = Math.floor(target.place(random) / size) * size;
    const sector = (at) => target.bytes.subarray(at, at + size);
    return { what: `${size} bytes at ${a} and ${b} swapped`, undo: overwrite(target, [clip(target, a, sector(b)), clip(target, b, sector(a))]) };
  },
  copyBytes(target, random) {
    const from = target.place(random);
    const to = target.place(random);
    const bytes = target.bytes.subarray(from, from + 1 + Math.floor(random() * 300));
    return { what: `${bytes.length} bytes from ${from} written to ${to}`, undo: overwrite(target, [clip(target, to, bytes)]) };
  },
  older(target, random) {
    if (target.older.length === 0) return BYTES.setWord(target, random);
    const older = target.older[Math.floor(random() * target.older.length)];
    if (random() < 0.3) return { what: 'all of an older state', undo: overwrite(target, [clip(target, 0, older)]) };
    const size = random() < 0.5 ? SECTOR : PAGE;
    const at = Math.floor(target.place(random) / size) * size;
    return { what: `${size} bytes at ${at} of an older state`, undo: overwrite(target, [clip(target, at, older.subarray(at, at + size))]) };
  },
  truncate(target, random) {
    const size = random() < 0.5 ? target.place(random) : Math.floor((random() * target.bytes.length) / SECTOR) * SECTOR;
    fs.truncateSync(target.file, size);
    return {
      what: `cut to ${size} bytes`,
      undo() {
        const fd = fs.openSync(target.file, 'r+');
        fs.writeSync(fd, target.bytes, size, target.bytes.length - size, size);
        fs.closeSync(fd);
      },
    };
  },
  extend(target, random) {
    const more = Buffer.alloc(1 + Math.floor(random() * 2 * PAGE), Math.floor(random() * 256));
    fs.appendFileSync(target.file, more);
    return { what: `${more.length} bytes longer`, undo: () => { fs.truncateSync(target.file, target.bytes.length); } };
  },
};

/** Puts something else in a file's place. */
function replaced(target, what, put) {
  const aside = `${target.file}.aside`;
  fs.renameSync(target.file, aside);
  put(target.file);
  return {
    what,
    undo() {
      fs.rmSync(target.file, { recursive: true, force: true });
      fs.renameSync(aside, target.file);
    },
  };
}

const FILES = {
  missing: (target) => replaced(target, 'missing', () => {}),
  empty: (target) => replaced(target, 'empty', (file) => { fs.writeFileSync(file, ''); }),
  directory: (target) => replaced(target, 'a directory in its place', (file) => { fs.mkdirSync(file); }),
  link: (target) => replaced(target, 'a link to itself elsewhere in its place', (file) => { fs.symlinkSync(`${file}.aside`, file); }),
  dangling: (target) => replaced(target, 'a link to nothing in its place', (file) => { fs.symlinkSync(path.join(path.dirname(file), 'nothing'), file); }),
  other(target, random) {
    if (target.others.length === 0) return FILES.empty(target);
    const other = target.others[Math.floor(random() * target.others.length)];
    return replaced(target, `${path.basename(path.dirname(other))}/${path.basename(other)} in its place`, (file) => { fs.copyFileSync(other, file); });
  },
};

const BYTE_KINDS = Object.keys(BYTES);
const FILE_KINDS = Object.keys(FILES);

/** Mutates one of the files. @returns what was done, and how to undo it */
export function mutate(targets, random) {
  const target = targets[Math.floor(random() * targets.length)];
  const name = random() < 0.93 ? BYTE_KINDS[Math.floor(random() * BYTE_KINDS.length)] : FILE_KINDS[Math.floor(random() * FILE_KINDS.length)];
  const { what, undo } = (BYTES[name] ?? FILES[name])(target, random);
  return { kind: target.kind, name, what: `${path.basename(path.dirname(target.file))}/${path.basename(target.file)}: ${what}`, undo };
}
