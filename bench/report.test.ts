import { describe, expect, test } from "vitest";
import { figureTable, report, table } from "./report.ts";
import type { Figure, Row } from "./results.ts";

const row: Row = {
	suite: "rpc",
	stack: "frames",
	name: "Allium frames",
	group: "allium",
	work: "sum",
	concurrency: 64,
	callsPerSecond: 12_345,
	minimum: 11_000,
	maximum: 13_000,
	p50us: 10.4,
	p99us: 20.6,
	cpuSecondsPer100k: { client: 1, server: 2 },
	ratioToFloor: 0.5,
};
const figure: Figure = {
	suite: "growth",
	id: "x",
	what: "something",
	unit: "µs",
	median: 1234.5,
	minimum: 0.12345,
	maximum: 2,
};
const setting = {
	command: "npm run bench",
	machine: "2 cores",
	versions: ["peer 1.0.0"],
	method: ["pinned"],
	at: "2026-01-01",
};

describe("the benchmark's report", () => {
	test("shows a row with median, range, percentiles, processor time and ratio", () => {
		expect(table([row])).toContain(
			"| Allium frames | 64 | 12.3k (11.0k–13.0k) | 10 | 21 | 1.00 + 2.00 | 0.50 |",
		);
	});

	test("shows a figure with three digits that count", () => {
		expect(figureTable([figure])).toContain("| something | 1,235 (0.123–2) | µs |");
		expect(figureTable([{ ...figure, minimum: 1234.5, maximum: 1234.5 }])).toContain("| 1,235 | µs |");
	});

	test("says how and where it was measured", () => {
		const text = report({ rows: [row], figures: [], failures: [] }, setting);
		for (const fact of ["`npm run bench`", "2 cores", "peer 1.0.0", "pinned"]) expect(text).toContain(fact);
	});

	test("has a table for each work, and titles of suites that ran only", () => {
		const rows = [row, { ...row, work: "concat 10 KB" }];
		const text = report({ rows, figures: [], failures: [] }, setting);
		expect(text).toContain("### sum");
		expect(text).toContain("### concat 10 KB");
		expect(text).not.toContain("## Growth");
	});

	test("does not hide what failed", () => {
		const failures = [{ suite: "rpc", what: "nats", reason: "connection refused\nat line 1" }];
		expect(report({ rows: [], figures: [], failures }, setting)).toContain(
			"- rpc: nats: connection refused\n",
		);
	});
});
