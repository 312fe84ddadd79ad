import type { Schema } from '@deepwater/core';

export const schema: Schema;
export function hashOf(sequence: number): number;
export function thirdOf(sequence: number): number;
export function letterOf(sequence: number): number;
export function columnsFrom(from: number, count: number): { hash: Uint32Array; third: Float64Array; letter: Uint8Array; ts: Float64Array };
