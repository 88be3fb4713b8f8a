/** What `--help` says after the options. */
export const TRANSLATE_HELP = `
Frames are taken as a document or a log has them: JSON objects on a line each or over several lines; frames that
end with a NUL, with the NUL itself or with ^@ or \\0 in its place. Empty lines between frames do not count.

The sessions of both dialects are brought to where the frame makes sense: logged in, and in the groups that it
names. --direction to-server is what clients send (commands), to-client what servers send (events).

Exit code 1: a frame could not be read, or the command is wrong.
`;
