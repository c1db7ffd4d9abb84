package scenarios

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/dynamic"

	"github.com/seatrial/seatrial/sim"
)

// user performs the steps of one user, one after the other.
type user struct {
	name  string
	steps []Step
}

func newUser(name string, steps []Step) *user { return &user{name: name, steps: stepsOf(name, steps)} }

// How a user repeats what failed: from firstPause, doubling to longestPause.
// What is not there is waited for, but not for ever (patience), because
// another user may have deleted it; what the server refuses as wrong is not
// repeated at all.
const (
	firstPause   = 200 * time.Millisecond
	longestPause = 5 * time.Second
	patience     = 30 * time.Second
)

// run is the user as a process of the world. It returns when all steps are
// done; the error tells which the server refused.
func (u *user) run(ctx context.Context, env sim.Env) error {
	client, err := dynamic.NewForConfig(env.REST)
	if err != nil {
		return fmt.Errorf("user %s: %w", u.name, err)
	}
	begin := time.Now()
	var refusals []error
	for i := range u.steps {
		step := &u.steps[i]
		if !sim.Pause(ctx, step.At-time.Since(begin)) {
			return ctx.Err()
		}
		done, err := u.insist(ctx, step, action{client: client, user: u.name}, env.Log.WithValues("step", step.ID))
		if !done {
			return ctx.Err()
		}
		if err != nil {
			refusals = append(refusals, fmt.Errorf("step %s: %w", step.ID, err))
		}
	}
	return errors.Join(refusals...)
}

// insist repeats a step until it has taken effect or cannot. done is false when
// ctx ended first; the error is what the server refused for good.
func (u *user) insist(ctx context.Context, step *Step, a action, log logr.Logger) (done bool, err error) {
	begin, wait := time.Now(), firstPause
	for {
		err := a.perform(ctx, step)
		switch {
		case err == nil:
			log.Info("done")
			return true, nil
		case ctx.Err() != nil:
			return false, nil
		case refused(err):
			log.Error(err, "refused")
			return true, err
		case apierrors.IsNotFound(err) && time.Since(begin) > patience:
			log.Error(err, "given up: somebody else deleted it")
			return true, nil
		}
		log.Error(err, "will be repeated", "after", wait.String())
		if !sim.Pause(ctx, wait) {
			return false, nil
		}
		wait = min(2*wait, longestPause)
	}
}

// refused: no repetition will make the server accept it.
func refused(err error) bool {
	return apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) || apierrors.IsMethodNotSupported(err) ||
		apierrors.IsUnsupportedMediaType(err) || errors.Is(err, errNotJSON)
}
