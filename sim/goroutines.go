package sim

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// goroutine is one of a dump.
type goroutine struct {
	state   string // e.g. "sync.Mutex.Lock", "chan receive (durable)"
	bubble  int    // 0: it is of no bubble
	frames  []string
	creator string // the function that started it
	text    string
}

var (
	headLine    = regexp.MustCompile(`^goroutine \d+ (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[([^\]]*)\]:`)
	bubbleName  = regexp.MustCompile(`synctest bubble (\d+)`)
	createdLine = regexp.MustCompile(`^created by (\S+)`)
	arguments   = regexp.MustCompile(`\([^()]*\)$`)
)

// readDump reads what runtime.Stack wrote about all goroutines.
func readDump(dump string) []goroutine {
	var out []goroutine
	for _, text := range strings.Split(strings.TrimSpace(dump), "\n\n") {
		lines := strings.Split(text, "\n")
		head := headLine.FindStringSubmatch(lines[0])
		if head == nil {
			continue
		}
		g := goroutine{text: text}
		g.state, _, _ = strings.Cut(head[1], ",")
		if m := bubbleName.FindStringSubmatch(head[1]); m != nil {
			g.bubble, _ = strconv.Atoi(m[1]) // digits, by the expression
		}
		for _, line := range lines[1:] {
			switch m := createdLine.FindStringSubmatch(line); {
			case m != nil:
				g.creator = m[1]
			case !strings.HasPrefix(line, "\t"):
				g.frames = append(g.frames, arguments.ReplaceAllString(line, ""))
			}
		}
		out = append(out, g)
	}
	return out
}

// ofThisRun leaves those of the last bubble: earlier ones may have left
// goroutines behind, frozen.
func ofThisRun(all []goroutine) []goroutine {
	last := 0
	for _, g := range all {
		last = max(last, g.bubble)
	}
	return slices.DeleteFunc(all, func(g goroutine) bool { return g.bubble != last || last == 0 })
}

// harness tells whether a goroutine is the simulation's own.
func (g *goroutine) harness() bool {
	return slices.ContainsFunc(g.frames, func(frame string) bool {
		return strings.HasSuffix(frame, "sim.(*world).live") || strings.HasPrefix(frame, "internal/synctest.Run") || strings.HasPrefix(frame, "testing/synctest.Test")
	})
}

// has tells whether a frame holds the text; every goroutine has the empty one.
func (g *goroutine) has(text string) bool {
	return text == "" || slices.ContainsFunc(g.frames, func(frame string) bool { return strings.Contains(frame, text) })
}

// where is the function in which a goroutine waits: the innermost that is not of
// Go's runtime or of its locks and timers.
func (g *goroutine) where() string {
	for _, frame := range g.frames {
		if !strings.HasPrefix(frame, "runtime.") && !strings.HasPrefix(frame, "sync.") && !strings.HasPrefix(frame, "internal/") && !strings.HasPrefix(frame, "time.") && !strings.HasPrefix(frame, "sync/") {
			return frame
		}
	}
	return g.creator
}

// describeLeak says which goroutines a run left behind: how many, of whom.
func describeLeak(dump string) (message, detail string) {
	count := map[string]int{}
	var order, texts []string
	for _, g := range ofThisRun(readDump(dump)) {
		if g.harness() {
			continue
		}
		what := fmt.Sprintf("started by %s, waiting in %s (%s)", g.creator, g.where(), strings.TrimSuffix(g.state, " (durable)"))
		if count[what]++; count[what] == 1 {
			order = append(order, what)
			texts = append(texts, g.text)
		}
	}
	slices.Sort(order)
	for i, what := range order {
		order[i] = fmt.Sprintf("%d %s", count[what], what)
	}
	slices.Sort(texts)
	return "goroutines are left after every process was stopped: " + strings.Join(order, "; "), strings.Join(texts, "\n\n")
}

// remedies say what usually lies behind a state in which a goroutine blocks
// virtual time. Goroutines whose state is marked durable do not.
var remedies = []struct{ state, frame, advice string }{
	{"sync.", "internal/controller.(*Controller", "controller-runtime's Controller waits for its caches with its mutex held; EnableWarmup makes another goroutine wait for that mutex, which stops virtual time: leave EnableWarmup off in the run"},
	{"run", "manager.(*runnableGroup).Start", "controller-runtime's manager loops without a pause when its context ends before its caches have synced, as it does when the process is killed soon after its start: give it a cache that is not waited for (docs/use/own-controller.md, controller-runtime)"},
	{"sync.Mutex.Lock", "", "a mutex is held by somebody who waits for an answer or for time to pass, and neither can come while this goroutine waits: do not hold a lock across a call or a sleep, or use a channel"},
	{"sync.RWMutex", "", "a lock is held by somebody who waits for an answer or for time to pass, and neither can come while this goroutine waits: do not hold a lock across a call or a sleep, or use a channel"},
	{"IO wait", "", "a socket or pipe is waited for: reach the API server through the rest.Config that was given, switch metrics, probe and webhook servers off, and put a stand-in where another service is called"},
	{"syscall", "", "a system call is waited for: files, processes and the wall clock are outside the run"},
	{"chan receive", "", "a channel made outside the run is waited for, at package level or in init (signal handlers, wait.NeverStop): make it inside, or wait for the context that was given"},
	{"chan send", "", "a channel made outside the run is written to, at package level or in init: make it inside"},
	{"select", "", "one of the channels waited for was made outside the run, at package level or in init (signal handlers, wait.NeverStop): make it inside, or wait for the context that was given"},
	{"sync.WaitGroup.Wait", "", "a WaitGroup made outside the run is waited for: make it inside"},
	{"sync.Cond.Wait", "", "a condition made outside the run is waited for: make it inside"},
	{"running", "", "it computes without end: a loop without a pause"},
	{"runnable", "", "it computes without end: a loop without a pause"},
}

// describeHang says which goroutines block virtual time, and what to do about
// it. The dump itself comes after.
func describeHang(dump []byte) []byte {
	var lines []string
	for _, g := range ofThisRun(readDump(string(dump))) {
		if g.harness() || strings.Contains(g.state, "durable") || strings.HasPrefix(g.state, "synctest.") {
			continue
		}
		for _, r := range remedies {
			if strings.HasPrefix(g.state, r.state) && g.has(r.frame) {
				lines = append(lines, fmt.Sprintf("blocks virtual time: %s (%s), started by %s: %s", g.where(), g.state, g.creator, r.advice))
				break
			}
		}
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	return []byte(strings.Join(lines, "\n") + "\n\n" + string(dump))
}
