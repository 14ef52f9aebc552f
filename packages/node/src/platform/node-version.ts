// Imported before all else, so that a Node which is too old says so, and not what it lacks first.
const oldest = 24;

if (Number.parseInt(process.versions.node, 10) < oldest) {
	const error = new Error(`Allium needs Node ${oldest} or newer, and this is Node ${process.versions.node}.`);
	// Where it was found out is of no help.
	error.stack = error.message;
	throw error;
}
