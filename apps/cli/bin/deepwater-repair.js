#!/usr/bin/env node
import { runAs } from '../dist/run-as.js';

await runAs('repair');
