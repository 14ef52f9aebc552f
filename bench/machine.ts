import { cpus, totalmem } from "node:os";

/** Describes the machine in one line. */
export function machine(): string {
	const model = cpus()[0]?.model.trim() ?? "unknown processor";
	const gibibytes = (totalmem() / 2 ** 30).toFixed(0);
	const { platform, arch, version } = process;
	return `${cpus().length} cores of ${model}, ${gibibytes} GiB, ${platform} ${arch}, Node ${version}`;
}
