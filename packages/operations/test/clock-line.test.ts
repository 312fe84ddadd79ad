import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ClockLook, type ClockState, type ClockVerdict, HOLD_MS, OFF_MS_MAX, SETTLE_MS, judgeClock } from '@deepwater/operations';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A machine: time passes, its clock may be set, it may be off. */
class Machine {
  nowMs = Date.UTC(2026, 5, 1);
  /** Wall clock minus the truth. */
  offMs = 0;
  #bootedMs = this.nowMs - 30 * DAY;
  #boot = 0;
  state: ClockState = {};

  pass(ms: number): this { this.nowMs += ms; return this; }
  set(offMs: number): this { this.offMs = offMs; return this; }
  reboot(offForMs = 60_000): this {
    this.nowMs += offForMs;
    this.#bootedMs = this.nowMs;
    this.#boot += 1;
    return this;
  }
  get clocks(): ClockLook { return { wallMs: this.nowMs + this.offMs, bootId: `boot ${this.#boot}`, uptimeMs: this.nowMs - this.#bootedMs }; }
  look(accept = false): ClockVerdict {
    const { state, verdict } = judgeClock(this.state, this.clocks, accept);
    // What is kept between runs is JSON.
    this.state = JSON.parse(JSON.stringify(state)) as ClockState;
    return verdict;
  }
  /** Looks every 15 minutes, as cron does, for some time; the last verdict. */
  run(ms: number): ClockVerdict {
    let verdict = this.look();
    for (const end = this.nowMs + ms; this.nowMs < end;) verdict = this.pass(15 * 60_000).look();
    return verdict;
  }
}

/** One whose clock is believed. */
const trusted = (): Machine => {
  const machine = new Machine();
  expect(machine.run(HOLD_MS)).toMatchObject({ believed: true });
  return machine;
};

describe('a clock is believed', () => {
  test('a day after the first look, and no sooner', () => {
    const machine = new Machine();
    expect(machine.look()).toEqual({ believed: false, hold: 'first', leftMs: HOLD_MS });
    expect(machine.run(HOLD_MS - HOUR)).toEqual({ believed: false, hold: 'first', leftMs: HOUR });
    expect(machine.run(HOUR)).toMatchObject({ believed: true });
  });

  test('two looks a day apart are enough, and so is the word of whoever looks at it', () => {
    expect(new Machine().look(true)).toEqual({ believed: true });
    const machine = new Machine();
    machine.look();
    expect(machine.pass(HOLD_MS).look()).toEqual({ believed: true });
  });

  test('while it goes as time does, slewed a little, whatever the rhythm of looks', () => {
    const machine = trusted();
    for (let day = 0; day < 60; day++) expect(machine.set(machine.offMs + 40_000).run(DAY)).toMatchObject({ believed: true });
    expect(machine.pass(40 * DAY).look()).toMatchObject({ believed: true });
  });

  test('by a laptop that slept: the time since the boot counts that', () => {
    expect(trusted().pass(14 * DAY).look()).toMatchObject({ believed: true });
  });

  test('over a weekend off: an hour after the machine is started, if it is that long on', () => {
    const machine = trusted().reboot(3 * DAY).pass(5 * 60_000);
    expect(machine.look()).toEqual({ believed: false, hold: 'boot', leftMs: SETTLE_MS - 5 * 60_000 });
    expect(machine.run(SETTLE_MS)).toMatchObject({ believed: true });
  });

  test('of machines that are never on for an hour: when their minutes add up to a day', () => {
    const machine = trusted();
    const verdicts = Array.from({ length: 100 }, () => machine.reboot(HOUR).run(HOUR / 2).believed);
    expect(verdicts.slice(0, 40)).not.toContain(true);
    expect(verdicts).toContain(true);
  });

  test('by another machine that has been up for long, which the disk was moved to', () => {
    const machine = trusted();
    const { state } = judgeClock(machine.state, { wallMs: machine.nowMs + 600_000, bootId: 'elsewhere', uptimeMs: 300 * DAY });
    expect(judgeClock(machine.state, { wallMs: machine.nowMs + 600_000, bootId: 'elsewhere', uptimeMs: 300 * DAY }).verdict).toMatchObject({ believed: true });
    expect(judgeClock(state, { wallMs: machine.nowMs + 601_000, bootId: 'elsewhere', uptimeMs: 300 * DAY + 1000 }).verdict).toMatchObject({ believed: true });
  });
});

describe('a clock that jumps', () => {
  test('forward is not believed for a day, and says by how much it jumped', () => {
    const machine = trusted().set(10 * 365 * DAY).pass(60_000);
    expect(machine.look()).toMatchObject({ believed: false, hold: 'jump', offMs: 10 * 365 * DAY });
    expect(machine.run(HOLD_MS - HOUR)).toMatchObject({ believed: false, hold: 'jump' });
    expect(machine.run(HOUR)).toMatchObject({ believed: true });
  });

  test('and comes back is believed at once', () => {
    const machine = trusted().set(3 * DAY).pass(60_000);
    expect(machine.look().believed).toBe(false);
    expect(machine.set(0).pass(60_000).look()).toMatchObject({ believed: true });
    expect(machine.state.trial).toBeUndefined();
  });

  test('is not believed because of a boot', () => {
    const machine = trusted().set(5 * DAY).pass(60_000);
    expect(machine.look().believed).toBe(false);
    machine.reboot();
    expect(machine.run(3 * HOUR)).toMatchObject({ believed: false, hold: 'jump' });
    // And once it has been set right:
    machine.set(0).reboot();
    expect(machine.run(SETTLE_MS)).toMatchObject({ believed: true });
  });

  test('in many small steps is noticed', () => {
    const machine = trusted();
    const verdicts: boolean[] = [];
    for (let step = 0; step < 24; step++) verdicts.push(machine.set(machine.offMs + 4 * 60_000).pass(15 * 60_000).look().believed);
    expect(verdicts).toContain(false);
    expect(verdicts.slice(0, 3)).not.toEqual([true, true, true]);
  });

  test('back is used, for it keeps data longer; and forth again to where it was is no jump', () => {
    const machine = trusted().set(-400 * DAY).pass(60_000);
    expect(machine.look()).toMatchObject({ believed: true, offMs: -400 * DAY });
    machine.run(10 * HOUR);
    expect(machine.set(0).look()).toMatchObject({ believed: true });
  });

  test('back for a day was wrong before: forth again is a jump then', () => {
    const machine = trusted().set(-400 * DAY).pass(60_000);
    machine.run(HOLD_MS + HOUR);
    expect(machine.set(0).look()).toMatchObject({ believed: false, hold: 'jump' });
  });

  test('before each boot is past, as of a battery that is empty, deletes nothing and holds nothing once it is set', () => {
    const machine = trusted();
    for (let boot = 0; boot < 3; boot++) {
      machine.reboot(10 * 60_000).set(Date.UTC(2000, 0, 1) - machine.nowMs);
      expect(machine.pass(30_000).look()).toMatchObject({ believed: true });
      machine.set(0).pass(30_000);
      expect(machine.run(SETTLE_MS)).toMatchObject({ believed: true });
    }
  });

  test('far ahead at a boot is not believed for a day', () => {
    const machine = trusted().reboot(OFF_MS_MAX + HOUR);
    expect(machine.look()).toMatchObject({ believed: false, hold: 'far' });
    expect(machine.run(SETTLE_MS * 2)).toMatchObject({ believed: false, hold: 'far' });
    expect(machine.run(HOLD_MS)).toMatchObject({ believed: true });
  });
});

test('whatever happens to it, a clock that is believed is not ahead of the truth, but for what was right for long enough', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('run' as const), ms: fc.integer({ min: 0, max: 30 * HOUR }) }),
    fc.record({ kind: fc.constant('set' as const), ms: fc.integer({ min: -30 * DAY, max: 30 * DAY }) }),
    fc.record({ kind: fc.constant('reboot' as const), ms: fc.integer({ min: 0, max: 2 * DAY }) }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    const machine = trusted();
    /** How long the clock has kept its distance to the truth, with the machine on. */
    let evenMs = 0;
    /** The furthest ahead that it was for long enough to be taken for the truth. */
    let provenMs = 0;
    for (const { kind, ms } of steps) {
      if (kind === 'set') { machine.set(ms); evenMs = 0; }
      if (kind === 'reboot') machine.reboot(ms);
      if (kind === 'run') {
        for (const end = machine.nowMs + ms; machine.nowMs < end;) {
          machine.pass(15 * 60_000);
          evenMs += 15 * 60_000;
          if (evenMs >= HOLD_MS - HOUR) provenMs = Math.max(provenMs, machine.offMs);
          const verdict = machine.look();
          // A jump between the last look and a boot shows as time that the machine was off.
          const hidden = OFF_MS_MAX;
          if (verdict.believed) expect(machine.offMs).toBeLessThanOrEqual(Math.max(0, provenMs) + hidden + 10 * 60_000);
        }
      }
    }
  }), { numRuns: 60, seed: 20261121 });
});
