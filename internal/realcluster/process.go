package realcluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
)

// process is one replica of the subject: operating-system processes one after the
// other, all behind one proxy.
type process struct {
	name   string
	folder string
	// standIn: it plays a part of the cluster, and is not under test.
	standIn bool
	// mayExit: see [sim.Process].
	mayExit func(error) bool
	delay   time.Duration // from the beginning of the run to its first start
	record  *recorder
	fair    <-chan struct{} // closed when the weather clears
	// command makes the next one; it is started with what it needs in its
	// environment and arguments.
	command func(identity string) *exec.Cmd

	mu      sync.Mutex
	current *exec.Cmd
	killed  *faults.Rule // why current is being killed
	ended   bool         // nothing is started any more
	number  int
	done    chan struct{}
}

// How long a subject that ended by itself stays down, as a kubelet would have it,
// and how long one may take to stop when asked to.
const (
	firstRestart = time.Second
	lastRestart  = 5 * time.Minute
	stopTimeout  = 20 * time.Second
)

// run keeps the process running until ctx ends.
func (p *process) run(ctx context.Context) error {
	p.done = make(chan struct{})
	if p.delay > 0 {
		go func() {
			defer close(p.done)
			if !pause(ctx, p.delay-p.record.now(), nil) {
				return
			}
			cmd, log, err := p.start()
			if err == nil {
				p.keep(ctx, cmd, log)
			} else if !errors.Is(err, errEnded) {
				p.report(model.Exited, err.Error(), "")
			}
		}()
		return nil
	}
	cmd, log, err := p.start()
	if err != nil {
		return err
	}
	go func() {
		defer close(p.done)
		p.keep(ctx, cmd, log)
	}()
	return nil
}

func (p *process) report(kind model.ProblemKind, message, detail string) {
	p.record.problem(model.Problem{Kind: kind, Process: p.name, StandIn: p.standIn, Message: message, Detail: detail})
}

// endedByItself tells of a process that ended by itself, unless it may.
func (p *process) endedByItself(err error, log string) {
	text := tail(log)
	if panicked := panicLine(text); panicked != "" {
		p.report(model.Panicked, panicked, text)
		return
	}
	last := text[strings.LastIndex(text, "\n")+1:]
	if p.mayExit == nil || !p.mayExit(errors.New(last)) {
		p.report(model.Exited, fmt.Sprintf("ended by itself: %v: %s", err, last), text)
	}
}

// panicLine is the line that the Go runtime ends a program with, if it did.
func panicLine(text string) string {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

func (p *process) keep(ctx context.Context, cmd *exec.Cmd, log string) {
	back := firstRestart
	for {
		err := cmd.Wait()
		rule := p.reason()
		if p.over() || ctx.Err() != nil {
			return
		}
		wait := back
		if rule == nil {
			p.endedByItself(err, log)
			back = min(2*back, lastRestart)
		} else if rule.RestartAfter < 0 {
			return
		} else {
			wait = rule.RestartAfter
		}
		if !pause(ctx, wait, p.fair) {
			return
		}
		if cmd, log, err = p.start(); err != nil {
			if !errors.Is(err, errEnded) {
				p.report(model.Exited, err.Error(), "")
			}
			return
		}
	}
}

var errEnded = errors.New("the run is over")

func (p *process) start() (*exec.Cmd, string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return nil, "", errEnded
	}
	p.number++
	identity := fmt.Sprintf("%s-%d", p.name, p.number)
	log := filepath.Join(p.folder, identity+".log")
	file, err := os.Create(log)
	if err != nil {
		return nil, "", err
	}
	defer file.Close()
	cmd := p.command(identity)
	cmd.Stdout, cmd.Stderr = file, file
	if err := cmd.Start(); err != nil {
		return nil, "", fmt.Errorf("start %s: %w", p.name, err)
	}
	p.current, p.killed = cmd, nil
	return cmd, log, nil
}

// kill ends the process as kill -9 does.
func (p *process) kill(r *faults.Rule) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil || p.killed != nil || p.ended {
		return false
	}
	p.killed = r
	return p.current.Process.Kill() == nil
}

func (p *process) reason() *faults.Rule {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current = nil
	return p.killed
}

func (p *process) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}

// stop asks the process to end, and reports it if it does not in time.
func (p *process) stop() {
	p.mu.Lock()
	p.ended = true
	running := p.current
	p.mu.Unlock()
	if running == nil {
		return
	}
	running.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(stopTimeout):
		p.report(model.Hung, fmt.Sprintf("did not end within %s of being asked to", stopTimeout), "")
		running.Process.Kill()
		<-p.done
	}
}

const tailLines = 40

func tail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(string(bytes.TrimSpace(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}
