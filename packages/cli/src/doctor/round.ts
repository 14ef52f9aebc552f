import { errorText } from "@allium/core";
import { after } from "@allium/core/transport";
import type { Terminal } from "../terminal/terminal.ts";
import { type Examined, type Finding, wrong } from "./finding.ts";

/** How long an examination may take, in milliseconds. */
const limitMs = 10_000;

/** The widths of the first two columns. */
const nameWidth = 15;
const stateWidth = 9;

/** The examinations of a doctor, one after the other, each printed as soon as it is made. */
export class Round {
	readonly #terminal: Terminal;
	readonly #isJson: boolean;
	readonly #findings: (Finding & { readonly examination: string })[] = [];

	constructor(terminal: Terminal, isJson: boolean) {
		this.#terminal = terminal;
		this.#isJson = isJson;
	}

	/** Whether no problem was found. */
	get isWell(): boolean {
		return this.#findings.every(({ state }) => state !== "wrong");
	}

	/**
	 * Makes an examination, and returns the value that later ones need. An examination that fails is itself a finding.
	 */
	async examine<Value>(name: string, make: () => Promise<Examined<Value>>): Promise<Value | undefined> {
		this.#terminal.status(`${name} …`);
		const { findings, value } = await inTime(name, make);
		for (const [index, finding] of findings.entries()) {
			this.#findings.push({ examination: name, ...finding });
			if (!this.#isJson) await this.#print(index === 0 ? name : "", finding);
		}
		this.#terminal.status("");
		return value;
	}

	/** Prints the summary. */
	async end(): Promise<void> {
		const wrongs = this.#findings.filter(({ state }) => state === "wrong").length;
		if (this.#isJson) {
			const report = { ok: this.isWell, findings: this.#findings };
			await this.#terminal.print(JSON.stringify(report, null, this.#terminal.isInteractive ? 2 : 0));
			return;
		}
		const sentence =
			wrongs === 0 ? "Nothing is wrong." : `${wrongs} ${wrongs === 1 ? "thing is" : "things are"} wrong.`;
		await this.#terminal.print(`\n${sentence}`);
	}

	async #print(name: string, finding: Finding): Promise<void> {
		const { bold, red, dim } = this.#terminal.styles;
		const { state, says } = finding;
		const shown = state === "wrong" ? red(state) : state === "skipped" ? dim(state) : state;
		const indent = " ".repeat(nameWidth + stateWidth);
		const lines = [
			(name === "" ? "" : bold(name)) +
				" ".repeat(nameWidth - name.length) +
				shown +
				" ".repeat(stateWidth - state.length) +
				says,
			...(finding.state === "wrong"
				? [...(finding.details ?? []).map((detail) => `${indent}${detail}`), `${indent}→ ${finding.remedy}`]
				: []),
		];
		await this.#terminal.print(lines.join("\n"));
	}
}

function inTime<Value>(name: string, make: () => Promise<Examined<Value>>): Promise<Examined<Value>> {
	return new Promise((resolve) => {
		const give = (examined: Examined<Value>): void => {
			timer.stop();
			resolve(examined);
		};
		const timer = after(limitMs, () => {
			const says = `it did not end within ${limitMs / 1_000} s`;
			resolve({ findings: [wrong(says, `find out what keeps it waiting, and run it again: ${name}`)] });
		});
		make().then(give, (error) => {
			give({ findings: [wrong(errorText(error), "correct what the sentence names, and run it again")] });
		});
	});
}
