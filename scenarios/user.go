package scenarios

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/dynamic"

	"github.com/seatrial/seatrial/sim"
)

// user performs the steps of one user, one after the other.
type user struct {
	name     string
	steps    []Step
	language *Language
	// idle is told of each step that found nothing to do.
	idle func(step string)
}

// stepsOf are one user's steps in the order in which they are performed.
func stepsOf(name string, steps []Step) []Step {
	own := slices.DeleteFunc(slices.Clone(steps), func(s Step) bool { return s.User != name })
	slices.SortStableFunc(own, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
	return own
}

// How a user repeats what failed: from firstPause, doubling to longestPause. What
// is not there is waited for, but not for ever, because another user may have
// deleted it; so is what goes on failing. What the server refuses as wrong is not
// repeated at all. That something which is being deleted never goes is the
// subject's fault, and for a law to tell: it is waited for without end.
const (
	firstPause   = 200 * time.Millisecond
	longestPause = 5 * time.Second
	patience     = 30 * time.Second
	longPatience = time.Minute
)

// run is the user as a process of the world. It returns when all steps are
// done; the error tells which of them could not be.
func (u *user) run(ctx context.Context, env sim.Env) error {
	client, err := dynamic.NewForConfig(env.REST)
	if err != nil {
		return fmt.Errorf("user %s: %w", u.name, err)
	}
	actor := &Actor{Name: u.name, REST: env.REST, Client: client, Catalog: u.language.Catalog, do: u.language.Do}
	begin := time.Now()
	var failures []error
	for i := range u.steps {
		step := &u.steps[i]
		if !sim.Pause(ctx, step.At-time.Since(begin)) {
			return ctx.Err()
		}
		done, err := u.insist(ctx, step, actor, env.Log.WithValues("step", step.ID))
		if !done {
			return ctx.Err()
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("step %s: %w", step.ID, err))
		}
	}
	return errors.Join(failures...)
}

// insist repeats a step until it has taken effect or cannot. done is false when
// ctx ended first; the error is what the server refused for good.
func (u *user) insist(ctx context.Context, step *Step, a *Actor, log logr.Logger) (done bool, err error) {
	begin, wait := time.Now(), firstPause
	waited := false
	a.deleted = ""
	for {
		err := step.Action.Perform(ctx, a)
		if errors.Is(err, ErrNothingToDo) && (waited || isDelete(step) || refused(err)) {
			if !waited {
				u.idle(step.ID)
			}
			return true, nil
		}
		if errors.Is(err, errNotYet) {
			// It was done, and is waited for: only what fails from now on is trouble.
			waited, begin = true, time.Now()
		}
		since := time.Since(begin)
		switch {
		case err == nil:
			log.Info("done")
			return true, nil
		case ctx.Err() != nil:
			return false, nil
		case refused(err):
			log.Error(err, "refused")
			return true, err
		case errors.Is(err, ErrNothingToDo) && since > patience:
			log.Error(err, "given up: it is not there")
			u.idle(step.ID)
			return true, nil
		case !errors.Is(err, errNotYet) && since > longPatience:
			log.Error(err, "given up")
			return true, err
		}
		log.Error(err, "will be repeated", "after", wait.String())
		if !sim.Pause(ctx, wait) {
			return false, nil
		}
		wait = min(2*wait, longestPause)
	}
}

// isDelete: that the object is not there is what the step is to bring about.
func isDelete(s *Step) bool {
	_, ok := s.Action.(interface{ Deletes() })
	return ok
}

// Deletes marks an action whose aim is that something is gone.
func (d *Delete) Deletes() {}

// refused: no repetition will make the server accept it.
func refused(err error) bool {
	return apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) || apierrors.IsMethodNotSupported(err) ||
		apierrors.IsUnsupportedMediaType(err) || errors.Is(err, errNotJSON)
}
