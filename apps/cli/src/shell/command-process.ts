/** A process for one command of the shell: it loads the program before it is wanted, and does not outlive the shell. Says when it has begun. */
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.once('message', (args: readonly string[]) => {
  // That the shell may still speak keeps nobody running.
  process.channel?.unref();
  void program.then(({ run }) => run(args)).then((code) => { process.exitCode = code; });
});
process.send?.('begun');
const program = import('../run.js');
