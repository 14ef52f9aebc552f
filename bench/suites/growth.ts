import type { Run } from "../run.ts";
export async function growth(_run: Run): Promise<void> {}
