import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { complete } from '../dist/shell/complete.js';
import { Running, storeWithTrades, temporaryDirectory } from './support.js';

/** What the shell makes of lines that come from a pipe. */
async function piped(basePath: string, ...lines: string[]) {
  const shell = new Running(['shell', '--base-path', basePath]);
  shell.child.stdin!.end(lines.map((line) => `${line}\n`).join(''));
  return shell.ended;
}

describe('deepwater shell', () => {
  test('runs lines as commands, each against the same store, and says what there is', async () => {
    const basePath = await storeWithTrades(20);
    const { code, stdout, stderr } = await piped(basePath, 'query trades --last 1 --columns price,side --format jsonl', '', '# a remark', "deepwater query 'trades' --last 2 --columns id --format jsonl", 'help', 'help query');
    const lines = stdout.split('\n');
    expect(lines.slice(0, 3).map((line) => JSON.parse(line) as unknown)).toEqual([{ price: 104.75, side: 'S' }, { id: '18' }, { id: '19' }]);
    expect(stdout).toMatch(/^ {2}tail +print the last records of a feed/m);
    expect(stdout).toContain('Usage: deepwater query');
    expect([code, stderr]).toEqual([0, '']);
  });

  test('goes on after a command that failed, and ends with its exit code', async () => {
    const { code, stdout, stderr } = await piped(await storeWithTrades(3), 'info tradse', 'ingest coinbase BTC-USD', 'tail trades -n 1 --columns id --format csv', 'exit', 'feeds');
    expect(stdout).toBe('id\n2\n');
    expect(stderr).toContain('DW_FEED_UNKNOWN');
    expect(stderr).toContain('there is no "ingest" here');
    expect(code).toBe(1);
  });

  test('needs a store', async () => {
    const { code, stderr } = await piped(`${temporaryDirectory()}/none`, 'feeds');
    expect([code, stderr]).toEqual([1, expect.stringContaining('DW_') as string]);
  });
});

describe('Tab', () => {
  const commands = [new Command('query').option('-l, --last <n>').option('--latest'), new Command('tail').option('-F, --follow')];
  const offered = async (line: string): Promise<string[]> => (await complete(line, commands, () => Promise.resolve(['trades', 'quotes'])))[0];

  test('offers commands, then feeds, and options behind a dash', async () => {
    expect(await offered('')).toEqual(['exit ', 'help ', 'query ', 'tail ']);
    expect(await offered('ta')).toEqual(['tail ']);
    expect(await offered('help q')).toEqual(['query ']);
    expect(await offered('query t')).toEqual(['trades ']);
    expect(await offered('  query ')).toEqual(['quotes ', 'trades ']);
    expect(await offered('query trades --la')).toEqual(['--last ', '--latest ']);
    expect(await offered('nothing x')).toEqual([]);
    expect((await complete('query trades --la', commands, () => Promise.resolve([])))[1]).toBe('--la');
  });
});

const noScript = spawnSync('script', ['--version']).status === 0 ? undefined : 'script(1), of util-linux, is not there';

describe.skipIf(noScript !== undefined)(noScript === undefined ? 'at a terminal' : `at a terminal (skipped: ${noScript})`, () => {
  test('completes, keeps what was typed, ends what runs with Ctrl+C, and itself with Ctrl+D', async () => {
    const basePath = await storeWithTrades(5);
    const bin = fileURLToPath(new URL('../bin/deepwater.js', import.meta.url));
    const shell = spawn('script', ['--quiet', '--return', '--command', `'${process.execPath}' '${bin}' shell --base-path '${basePath}'`, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, TERM: 'xterm' } });
    let shown = '';
    shell.stdout.setEncoding('utf8').on('data', (text: string) => { shown += text; });
    const until = (pattern: RegExp): Promise<void> => expect.poll(() => shown).toMatch(pattern);
    const typed = (text: string): void => {
      shown = '';
      shell.stdin.write(text);
    };
    await until(/1 feed\. help lists the commands\.[^]*deepwater> /);
    // What comes all at once is pasted text: Tab completes where it comes alone.
    for (const [keys, then] of [['ta', /ta$/], ['\t', /il $/], ['t', /t$/], ['\t', /rades $/]] as const) {
      typed(keys);
      await until(then);
    }
    typed('-F --columns id --format csv\r');
    await until(/^4\r$/m);
    typed('\u0003');
    await until(/deepwater> /);
    // The line before, again.
    typed('\u001b[A');
    await until(/tail trades -F/);
    typed('\u0003');
    await until(/\^C[^]*deepwater> /);
    typed('info nope\r');
    await until(/DW_FEED_UNKNOWN[^]*deepwater> /);
    const ended = once(shell, 'close');
    shell.stdin.write('\u0004');
    expect(await ended).toEqual([0, null]);
  });
});
