import type { Run } from "../command/command.ts";
import { exitCode } from "../command/exit-code.ts";
import { describedService } from "../discovery/described-service.ts";
import { contractText } from "./contract-text.ts";

/** `allium describe <service>` */
export const describe: Run = async (words, surroundings) => {
	const { terminal } = surroundings;
	const [service = ""] = words.arguments;
	const found = await describedService(service, words, surroundings);
	try {
		const { description, urls } = found;
		if (words.has("json")) {
			await terminal.print(JSON.stringify(description, null, terminal.isInteractive ? 2 : 0));
			return exitCode.ok;
		}
		const target = words.value("url");
		const text = contractText(description, {
			addresses: urls,
			styles: terminal.styles,
			width: Math.max(40, Math.min(terminal.width, 100)),
			options: target === undefined ? "" : ` --url ${target}`,
		});
		await terminal.print(text);
		return exitCode.ok;
	} finally {
		await found.close();
	}
};
