import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { afterThisTest } from '../../../test/support/afterwards.js';
import { complete } from '../dist/shell/complete.js';
import { wordsOf } from '../dist/shell/words.js';
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
    const { code, stdout, stderr } = await piped(await storeWithTrades(3), 'info tradse', 'ingest coinbase BTC-USD', 'query trades --where "{', 'tail trades -n 1 --columns id --format csv', 'exit', 'feeds');
    expect(stdout).toBe('id\n2\n');
    expect(stderr).toContain('DW_OPTION_INVALID: The " at 22 has no end');
    expect(stderr).toContain('DW_FEED_UNKNOWN');
    expect(stderr).toContain('there is no "ingest" here');
    expect(code).toBe(1);
  });

  test('is ended by a signal with what runs, and what was to come is not done', async () => {
    const shell = new Running(['shell', '--base-path', await storeWithTrades(3)]);
    shell.child.stdin!.end('tail trades --follow --columns id --format csv\nfeeds\n');
    await shell.line(/^2$/);
    shell.child.kill('SIGTERM');
    expect(await shell.ended).toMatchObject({ code: 143, stdout: 'id\n0\n1\n2\n' });
  });

  test('needs a store', async () => {
    const { code, stderr } = await piped(`${temporaryDirectory()}/none`, 'feeds');
    expect([code, stderr]).toEqual([1, expect.stringContaining('DW_') as string]);
  });
});

test.each([
  ['a  b\t c ', ['a', 'b', 'c']], ["'a b' \"c d\"e", ['a b', 'c de']], ['--where "{ \\"side\\": \\"B\\" }"', ['--where', '{ "side": "B" }']], ["'a\\b' \"\\n\\\\\"", ['a\\b', '\\n\\']],
  ['a\\ b', ['a b']], ['a #b c', ['a']], ['a#b', ['a#b']], ["a '' b", ['a', '', 'b']], ['  # all', []], ['', []], ['a\\', ['a\\']],
])('the words of %j', (line, words) => {
  expect(wordsOf(line)).toEqual(words);
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
    expect(await offered('deepwater query t')).toEqual(['trades ']);
    expect(await offered('nothing x')).toEqual([]);
    expect((await complete('query trades --la', commands, () => Promise.resolve([])))[1]).toBe('--la');
  });
});

const noScript = spawnSync('script', ['--version']).status === 0 ? undefined : 'script(1), of util-linux, is not there';

describe.skipIf(noScript !== undefined)(noScript === undefined ? 'at a terminal' : `at a terminal (skipped: ${noScript})`, () => {
  test('completes, keeps what was typed, ends what runs with Ctrl+C, and itself with Ctrl+D', async () => {
    const basePath = await storeWithTrades(5);
    const bin = fileURLToPath(new URL('../bin/deepwater.js', import.meta.url));
    // exec: some shells would stay between, remember the Ctrl+C that was for us, and end with its code.
    const shell = spawn('script', ['--quiet', '--return', '--command', `exec '${process.execPath}' '${bin}' shell --base-path '${basePath}'`, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, TERM: 'xterm' } });
    // Its terminal goes with it, and what runs in that.
    afterThisTest(() => shell.kill('SIGKILL'));
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
    // The line before, again: it ends as the first time.
    for (let times = 0; times < 2; times++) {
      typed('\u001b[A');
      await until(/tail trades -F/);
      typed('\r');
      await until(/^4\r$/m);
      typed('\u0003');
      await until(/deepwater> /);
    }
    typed('\u001b[A');
    await until(/tail trades -F/);
    typed('\u0003');
    await until(/\^C[^]*deepwater> /);
    // What is typed behind pasted lines stays to be gone on with.
    typed('info nope\rfee');
    await until(/DW_FEED_UNKNOWN[^]*deepwater> [^]*fee$/);
    typed('\u0003');
    await until(/\^C[^]*deepwater> /);
    const ended = once(shell, 'close');
    shell.stdin.write('\u0004');
    expect(await ended).toEqual([0, null]);
  });
});
