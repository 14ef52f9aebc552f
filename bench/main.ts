// npm run bench [-- --quick] [-- --json FILE]
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { parseArgs } from "node:util";
import { Pair } from "./pair.ts";
import { type Row, rowsOf, table } from "./report.ts";

const { values: options } = parseArgs({
	options: { quick: { type: "boolean", default: false }, json: { type: "string" } },
});

/** The floor first: every ratio is to it. */
const stacks = ["floor-net.ts", "frames-bare.ts", "frames.ts", "http.ts", "gateway.ts"];
const concurrencies = [1, 64, 256];
const rounds = options.quick ? 3 : 5;
const milliseconds = options.quick ? 500 : 2000;

const pinned = availableParallelism() > 1 && process.platform === "linux";
console.log(
	`${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.version}, ${process.platform}`,
);
console.log(
	`sum({a,b}) → {v}; closed loop; ${rounds} rounds of ${milliseconds} ms, the stacks in turn; server and client each a process${pinned ? ", pinned to a core each" : ""}\n`,
);

const pairs = await Promise.all(stacks.map((file) => Pair.start(file, pinned)));
try {
	const measured = new Map<string, Awaited<ReturnType<Pair["measure"]>>[]>();
	for (let round = 0; round <= rounds; round++) {
		process.stderr.write(round === 0 ? "warming up\n" : `round ${round} of ${rounds}\n`);
		for (const concurrency of concurrencies) {
			for (const pair of pairs) {
				const result = await pair.measure({ concurrency, milliseconds });
				const key = `${pair.name} @ ${concurrency}`;
				if (round > 0) measured.set(key, [...(measured.get(key) ?? []), result]);
			}
		}
	}
	const rows: Row[] = rowsOf(
		pairs.map(({ name }) => name),
		concurrencies,
		(name, concurrency) => measured.get(`${name} @ ${concurrency}`) ?? [],
	);
	console.log(table(rows));
	if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(rows, null, "\t")}\n`);
} finally {
	await Promise.all(pairs.map((pair) => pair.stop()));
}
