// Where an agent listens: as the program says, else where it has listened so far, else the first port that nobody has. Pure.
import { RefusedError } from "../../lib/errors";
import type { AgentSurvey } from "./survey";

const first = { port: 10300, healthPort: 10400 };
const range = 100;

export interface Ports {
  port: number;
  healthPort: number;
}

export function portsOf(label: string, wanted: Partial<Ports>, survey: AgentSurvey): Ports {
  const choose = (which: keyof Ports, beside: readonly (number | undefined)[]): number => {
    const asked = wanted[which];
    if (asked !== undefined) {
      if (survey.taken.has(asked)) throw taken(label, which, asked);
      return asked;
    }
    const had = survey[which];
    if (had !== undefined && !beside.includes(had)) return had;
    const all = Array.from({ length: range }, (_, index) => first[which] + index);
    const free = all.find((port) => !survey.taken.has(port) && !beside.includes(port));
    if (free === undefined)
      throw new RefusedError(`${label}: no port of ${first[which]} to ${first[which] + range - 1} is free`, say(which));
    return free;
  };
  const port = choose("port", [wanted.healthPort]);
  return { port, healthPort: choose("healthPort", [port]) };
}

function taken(label: string, which: keyof Ports, port: number): RefusedError {
  return new RefusedError(`${label}: ${which} ${port} is taken by somebody else there`, say(which));
}

function say(which: keyof Ports): string {
  return `give the node a free one with \`${which}\``;
}
