/**
 * One seed for all random tests of a run, printed where one fails: `SEED=…` gives the same run again. `npm test` gives one that follows from the commit (RUN_SEED): what is
 * seen of a commit is seen again, and each commit tries something else.
 */
export const SEED = Number(process.env['SEED'] ?? process.env['RUN_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
