/** One line of the table: the medians of all rounds. */
export interface Row {
	readonly stack: string;
	readonly work: string;
	readonly concurrency: number;
	readonly callsPerSecond: number;
	readonly minimum: number;
	readonly maximum: number;
	readonly p50us: number;
	readonly p99us: number;
	readonly cpuSecondsPer100k: { readonly client: number; readonly server: number };
	/** Calls a second, as a share of the first stack's. */
	readonly ratioToFloor: number;
}

/** What one round of one stack brought. */
export interface Round {
	readonly calls: number;
	readonly seconds: number;
	readonly p50us: number;
	readonly p99us: number;
	readonly cpuSeconds: number;
	readonly serverCpuSeconds: number;
}

/** The medians of what was measured; the first stack is the floor. */
export function rowsOf(
	stacks: readonly string[],
	concurrencies: readonly number[],
	rounds: (stack: string, concurrency: number) => readonly Round[],
): Row[] {
	return concurrencies.flatMap((concurrency) => {
		const rate = ({ calls, seconds }: Round): number => calls / seconds;
		const floor = median(rounds(stacks[0] ?? "", concurrency).map(rate));
		return stacks.map((stack) => {
			const of = (figure: (round: Round) => number): number[] => rounds(stack, concurrency).map(figure);
			const rates = of(rate);
			return {
				stack,
				work: "sum",
				concurrency,
				callsPerSecond: median(rates),
				minimum: Math.min(...rates),
				maximum: Math.max(...rates),
				p50us: median(of(({ p50us }) => p50us)),
				p99us: median(of(({ p99us }) => p99us)),
				cpuSecondsPer100k: {
					client: median(of(({ cpuSeconds, calls }) => (cpuSeconds / calls) * 1e5)),
					server: median(of(({ serverCpuSeconds, calls }) => (serverCpuSeconds / calls) * 1e5)),
				},
				ratioToFloor: median(rates) / floor,
			};
		});
	});
}

/** The middle of some figures; the mean of the two middle ones where their number is even. */
export function median(figures: readonly number[]): number {
	const sorted = [...figures].sort((one, other) => one - other);
	const middle = sorted.length >> 1;
	if (sorted.length === 0) return Number.NaN;
	if (sorted.length % 2 === 1) return sorted[middle] as number;
	return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** The rows as Markdown. */
export function table(rows: readonly Row[]): string {
	const thousands = (figure: number): string => `${(figure / 1000).toFixed(1)}k`;
	const lines = rows.map((row) => {
		const { client, server } = row.cpuSecondsPer100k;
		return [
			row.stack,
			row.concurrency,
			`${thousands(row.callsPerSecond)} (${thousands(row.minimum)}–${thousands(row.maximum)})`,
			row.p50us.toFixed(0),
			row.p99us.toFixed(0),
			`${client.toFixed(2)} + ${server.toFixed(2)}`,
			row.ratioToFloor.toFixed(2),
		].join(" | ");
	});
	const head = [
		"stack",
		"at once",
		"calls/s (min–max)",
		"p50 µs",
		"p99 µs",
		"CPU s per 100k: client + server",
		"to floor",
	];
	return [head.join(" | "), head.map(() => "---").join(" | "), ...lines]
		.map((line) => `| ${line} |`)
		.join("\n");
}
