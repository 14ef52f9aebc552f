import { type ErrorTemplate, post, routes } from "allium";
import { Drones } from "./contract.ts";

const refusals = (name: string): Record<"unparsable" | "invalid_input", ErrorTemplate> => ({
	unparsable: refusal(`Failed to parse add ${name} command.`),
	invalid_input: refusal(`Invalid ${name} command.`),
});

function refusal(body: string): ErrorTemplate {
	return { status: 400, type: "text/plain; charset=UTF-8", body };
}

/** The paths, statuses and errors of Cloud Native Go's drones-cmds. */
export const dronesRoutes = routes(Drones, {
	report: post("/api/cmds/telemetry", { status: 201, errors: refusals("telemetry") }),
	alert: post("/api/cmds/alerts", { status: 201, errors: refusals("alert") }),
	move: post("/api/cmds/positions", { status: 201, errors: refusals("position") }),
});
