import type { Run } from "../run.ts";
export async function inProcess(_run: Run): Promise<void> {}
