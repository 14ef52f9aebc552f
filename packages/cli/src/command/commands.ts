import { benchCommand } from "../bench/bench-command.ts";
import { callCommand } from "../call/call-command.ts";
import { completionCommand } from "../completion/completion-command.ts";
import { describeCommand } from "../describe/describe-command.ts";
import { devCommand } from "../dev/dev-command.ts";
import { doctorCommand } from "../doctor/doctor-command.ts";
import {
	eventsPublishCommand,
	eventsShowCommand,
	eventsTailCommand,
	eventsTopicsCommand,
} from "../events/event-commands.ts";
import { gatewayCommand } from "../gateway/gateway-command.ts";
import {
	groupsDeleteCommand,
	groupsListCommand,
	groupsRewindCommand,
	groupsShowCommand,
} from "../groups/group-commands.ts";
import { healthCommand } from "../health/health-command.ts";
import { newCommand } from "../new/new-command.ts";
import { parkedDiscardCommand, parkedListCommand, parkedReplayCommand } from "../parked/parked-commands.ts";
import { registryBridgeCommand } from "../registry/bridge-command.ts";
import { servicesCommand } from "../services/services-command.ts";
import { streamsListCommand, streamsShowCommand } from "../streams/stream-commands.ts";
import { tlsInitCommand, tlsIssueCommand } from "../tls/tls-commands.ts";
import {
	viewsDropCommand,
	viewsListCommand,
	viewsRebuildCommand,
	viewsRetryCommand,
	viewsShowCommand,
	viewsSwitchCommand,
} from "../views/view-commands.ts";
import {
	workflowsCancelCommand,
	workflowsExportCommand,
	workflowsListCommand,
	workflowsResumeCommand,
	workflowsShowCommand,
} from "../workflows/workflow-commands.ts";
import type { Command } from "./command.ts";

/** The scripts of `allium completion` call this. */
const complete: Command = {
	name: "complete",
	summary: "Print the completions of the last word.",
	isHidden: true,
	arguments: [
		{ name: "words", summary: "The words after allium, up to the cursor.", optional: true, many: true },
	],
	options: {},
	load: async () => (await import("../completion/complete.ts")).complete(commands),
};

/** All commands, in the order in which help lists them. */
export const commands: readonly Command[] = [
	servicesCommand,
	healthCommand,
	doctorCommand,
	describeCommand,
	callCommand,
	eventsTailCommand,
	eventsShowCommand,
	eventsPublishCommand,
	eventsTopicsCommand,
	groupsListCommand,
	groupsShowCommand,
	groupsRewindCommand,
	groupsDeleteCommand,
	parkedListCommand,
	parkedReplayCommand,
	parkedDiscardCommand,
	streamsListCommand,
	streamsShowCommand,
	viewsListCommand,
	viewsShowCommand,
	viewsRebuildCommand,
	viewsSwitchCommand,
	viewsRetryCommand,
	viewsDropCommand,
	workflowsListCommand,
	workflowsShowCommand,
	workflowsCancelCommand,
	workflowsResumeCommand,
	workflowsExportCommand,
	benchCommand,
	devCommand,
	gatewayCommand,
	registryBridgeCommand,
	tlsInitCommand,
	tlsIssueCommand,
	newCommand,
	completionCommand,
	complete,
];
