import type { ViewBuildId, ViewBuildReport } from "@allium/core/store";

/** After this time without a renewal, the process that holds a build counts as killed, in milliseconds. */
export const silentAfterMs = 6_000;

/** Measures how long the processes that hold builds have been silent. A process that lives renews its lease each second. */
export class SilentHolders {
	readonly #seen = new Map<
		string,
		{ readonly renewal: string; readonly since: number; isRenewed: boolean }
	>();

	/** Notes a look at a build. Returns for how long nobody has worked on it, in milliseconds. */
	silence(
		{ name, version }: Omit<ViewBuildId, "build">,
		{ build, holder, renewal }: ViewBuildReport,
	): number {
		const id = `${name}.${version}.${build}`;
		const before = this.#seen.get(id);
		const now = performance.now();
		const mark = holder === undefined ? "" : renewal;
		if (before?.renewal === mark) return now - before.since;
		this.#seen.set(id, { renewal: mark, since: now, isRenewed: before !== undefined });
		return 0;
	}

	/**
	 * Whether a process holds the build that was not seen to live yet, nor counts as killed.
	 *
	 * @param silentMs as {@link silence} returned it.
	 */
	isInDoubt(view: Omit<ViewBuildId, "build">, build: ViewBuildReport, silentMs: number): boolean {
		return build.holder !== undefined && silentMs < silentAfterMs && !this.isAlive(view, build);
	}

	/** Whether a renewal by the process that holds the build was seen. */
	isAlive({ name, version }: Omit<ViewBuildId, "build">, { build }: ViewBuildReport): boolean {
		return this.#seen.get(`${name}.${version}.${build}`)?.isRenewed === true;
	}
}
