import type { Run } from "../run.ts";
export async function http(_run: Run): Promise<void> {}
