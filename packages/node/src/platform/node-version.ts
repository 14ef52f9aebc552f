// This is imported before all else, so that the error of an old Node names its version, and not the first missing
// feature.
const oldest = 24;

if (Number.parseInt(process.versions.node, 10) < oldest) {
	const error = new Error(`Allium needs Node ${oldest} or newer, and this is Node ${process.versions.node}.`);
	// The stack does not help.
	error.stack = error.message;
	throw error;
}
