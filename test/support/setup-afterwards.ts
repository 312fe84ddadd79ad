/** Set up before every test file: see afterwards.ts. */
import { afterAll, afterEach } from 'vitest';
import { undoFile, undoTest } from './afterwards.js';

afterEach(undoTest);
afterAll(undoFile);
