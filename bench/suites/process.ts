import type { Run } from "../run.ts";
export async function processes(_run: Run): Promise<void> {}
