package debugger

import (
	"fmt"
	"strconv"
	"time"
)

// The keeper is what a debug container runs while it waits for commands: it looks
// every few seconds whether the container has any other process, and ends the
// container when there was none for a while. Its own processes are those with its
// own control group, because a debug container sees the processes of its target,
// too. All the while it listens for TERM, so that it holds up no pod's end.
//
// There is no $$ in it, which Kubernetes would make $ before any shell sees it.
//
// $1 is how long it waits and $2 how often it looks, in seconds; $3 is /proc.
const keeper = `trap 'kill "$!" 2>/dev/null; exit 0' TERM INT
read -r self it <"$3/self/stat"
read -r group <"$3/self/cgroup"
idle=0
while [ "$idle" -lt "$1" ]; do
sleep "$2" & wait "$!"
idle=$((idle + $2))
for p in "$3"/[0-9]*; do
[ "$p" != "$3/$self" ] && { read -r it <"$p/cgroup"; } 2>/dev/null && [ "$it" = "$group" ] && idle=0
done
done
exit 0`

// look is how often the keeper looks.
const look = 5 * time.Second

// DefaultIdle is after how long without a command a debug container ends.
const DefaultIdle = 10 * time.Minute

func keeperCommand(idle time.Duration, proc string) []string {
	seconds := func(d time.Duration) string { return strconv.Itoa(max(int(d.Round(time.Second)/time.Second), 1)) }
	return []string{"sh", "-c", keeper, "sh", seconds(idle), seconds(min(look, idle)), proc}
}

// idleText is the idle time for people: 10m, not 10m0s.
func idleText(d time.Duration) string {
	if d >= time.Minute && d%time.Minute == 0 {
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}
