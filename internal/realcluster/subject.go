package realcluster

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// subjectVariable marks a process that is to be a subject, and says which.
const subjectVariable = "SEATRIAL_SUBJECT"

// task is what a subject's process is told.
type task struct {
	Subject, Kubeconfig, Process, Identity string
	Plan                                   string
}

// ServeIfSubject turns the process into a controller when [Run] started it as one,
// and then does not return. The main function of a binary that calls Run without a
// Command of its own calls it first.
func ServeIfSubject(registry *scenarios.Registry) {
	text := os.Getenv(subjectVariable)
	if text == "" {
		return
	}
	if err := serve(text, registry); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// IsSubject says whether [Run] has started this process as a subject.
func IsSubject() bool { return os.Getenv(subjectVariable) != "" }

func serve(text string, registry *scenarios.Registry) error {
	var t task
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return fmt.Errorf("%s cannot be read: %w", subjectVariable, err)
	}
	subject, ok := registry.Find(t.Subject)
	if !ok {
		return fmt.Errorf("there is no subject %q", t.Subject)
	}
	plan, err := scenarios.Parse("plan", []byte(t.Plan), subject.Language)
	if err != nil {
		return err
	}
	cfg, err := clientcmd.BuildConfigFromFlags("", t.Kubeconfig)
	if err != nil {
		return err
	}
	go func() {
		io.Copy(io.Discard, os.Stdin) // until whoever started this process is gone
		os.Exit(1)
	}()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	for _, p := range scenarios.NewWorld(plan, subject, 0).Processes {
		if p.Name == t.Process {
			return p.Run(ctx, sim.Env{
				REST: cfg, Identity: t.Identity, Metrics: prometheus.NewRegistry(),
				Log: logr.FromSlogHandler(slog.NewTextHandler(os.Stderr, nil)),
			})
		}
	}
	return fmt.Errorf("the plan has no process %q", t.Process)
}

// itself is this program again, as a subject.
func itself(t task) (*exec.Cmd, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, os.Args[1:]...)
	if _, err := cmd.StdinPipe(); err != nil { // closed when this program ends: see serve
		return nil, err
	}
	cmd.Env = append(os.Environ(), subjectVariable+"="+string(text))
	return cmd, nil
}
