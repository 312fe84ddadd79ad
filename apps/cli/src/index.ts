export { createProgram } from './program.js';
export { run } from './run.js';
