// Units whose files are changed and that have to take over the change: noted before it, and until they are proven to have done so.
import { journalDirectory } from "../../host/journalScript";

/** One empty file per unit; a run that is cut after the change would else find nothing left to do. */
export const restartDirectory = `${journalDirectory}/restarts`;

/** For a script with the journal's library. */
export const noteRestart = (unit: string): string => `mkdir -p ${restartDirectory}; : >${restartDirectory}/${unit}\n`;
export const forgetRestarts = `rm -rf ${restartDirectory}\n`;
