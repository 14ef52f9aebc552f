import * as z from "zod";

/** The schemas for peers that leave the choice of a schema to their users. */
export const SumInput = z.object({ a: z.int(), b: z.int() });
export const SumOutput = z.object({ v: z.int() });
export const ConcatInput = z.object({ a: z.string(), b: z.string() });
export const ConcatOutput = z.object({ v: z.string() });

export type SumInput = z.infer<typeof SumInput>;
export type ConcatInput = z.infer<typeof ConcatInput>;

export function sum({ a, b }: SumInput): { v: number } {
	return { v: a + b };
}

export function concat({ a, b }: ConcatInput): { v: string } {
	return { v: a + b };
}
