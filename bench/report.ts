import type { Figure, Results, Row } from "./results.ts";
import { type Judged, judge } from "./targets/target.ts";
import { targets } from "./targets.ts";

/** The conditions under which a report was measured. */
export interface Setting {
	readonly command: string;
	readonly machine: string;
	readonly versions: readonly string[];
	readonly method: readonly string[];
	readonly at: string;
}

const titles: Readonly<Record<string, string>> = {
	rpc: "Calls between two processes",
	streams: "Server streams",
	http: "Servers of HTTP/1.1 alone, under wrk",
	"in-process": "Layers without a wire",
	process: "Processes and memory",
	growth: "Growth",
	cluster: "One system, different registries",
	events: "Events",
	store: "Event stores",
};

/** The whole report as Markdown. */
export function report(results: Results, setting: Setting): string {
	const { rows, figures, failures } = results;
	const suites = Object.keys(titles).map((suite) => {
		const ofSuite = rows.filter((row) => row.suite === suite);
		const works = [...new Set(ofSuite.map(({ work }) => work))];
		const rowTables = works.flatMap((work) => [
			...(works.length > 1 ? [`### ${work}`] : []),
			table(
				ofSuite.filter((row) => row.work === work),
				suite === "streams" ? "messages/s" : "calls/s",
			),
		]);
		const figuresOfSuite = figures.filter((figure) => figure.suite === suite);
		const parts = [...rowTables, ...(figuresOfSuite.length > 0 ? [figureTable(figuresOfSuite)] : [])];
		return parts.length === 0 ? [] : [`## ${titles[suite]}`, ...parts];
	});
	return [
		"# Results of the benchmark",
		[
			`- ${setting.at}, by \`${setting.command}\``,
			`- ${setting.machine}`,
			...setting.method.map((line) => `- ${line}`),
			`- Versions: ${setting.versions.join(", ")}`,
		].join("\n"),
		"## Targets",
		targetTable(judge(results, targets)),
		...suites.flat(),
		...(failures.length === 0
			? []
			: [
					"## Not measured",
					failures.map(({ suite, what, reason }) => `- ${suite}: ${what}: ${oneLine(reason)}`).join("\n"),
				]),
	]
		.join("\n\n")
		.concat("\n");
}

/** Rows as Markdown. */
export function table(rows: readonly Row[], rate = "calls/s"): string {
	const head = [
		"stack",
		"at once",
		`${rate} (min–max)`,
		"p50 µs",
		"p99 µs",
		"CPU s per 100k: client + server",
		"to floor",
	];
	return markdown(
		head,
		rows.map((row) => {
			const { client, server } = row.cpuSecondsPer100k;
			return [
				row.name,
				String(row.concurrency),
				`${thousands(row.callsPerSecond)} (${thousands(row.minimum)}–${thousands(row.maximum)})`,
				row.p50us.toFixed(0),
				row.p99us.toFixed(0),
				`${client.toFixed(2)} + ${server.toFixed(2)}`,
				ratio(row.ratioToFloor),
			];
		}),
	);
}

/** Figures as Markdown. */
export function figureTable(figures: readonly Figure[]): string {
	const lines = figures.map(({ what, unit, median, minimum, maximum }) => {
		const range = minimum === maximum ? "" : ` (${rounded(minimum)}–${rounded(maximum)})`;
		return [what, rounded(median) + range, unit];
	});
	return markdown(["what", "median (min–max)", "unit"], lines);
}

/** Targets and their results as Markdown. */
export function targetTable(judged: readonly Judged[]): string {
	const verdicts = { met: "met", missed: "**not met**", unmeasured: "not measured" };
	const lines = judged.map(({ target, value, verdict }) => {
		const { atLeast, atMost } = target.bound;
		const bound = atLeast !== undefined ? `≥ ${rounded(atLeast)}` : `≤ ${rounded(atMost ?? Number.NaN)}`;
		const measured = value === undefined ? "–" : rounded(value);
		return [target.what, `${bound} ${target.unit}`, `${measured} ${target.unit}`, verdicts[verdict]];
	});
	return markdown(["what", "target", "measured", ""], lines);
}

function markdown(head: readonly string[], lines: readonly (readonly string[])[]): string {
	return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function thousands(figure: number): string {
	return `${(figure / 1000).toFixed(1)}k`;
}

function ratio(figure: number): string {
	return Number.isNaN(figure) ? "–" : figure.toFixed(figure < 0.1 ? 3 : 2);
}

/** Rounds to three significant digits. */
function rounded(figure: number): string {
	if (figure >= 1000) return Math.round(figure).toLocaleString("en-US");
	return String(Number(figure.toPrecision(3)));
}

function oneLine(text: string): string {
	return text.split("\n", 1)[0] ?? "";
}
