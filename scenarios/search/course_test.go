package search_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/search"
)

// Goal: a search makes the same runs in the same order, however many of them are under
// way, and can be asked for one of them alone. Method: a course whose runs tell what a
// controller made by hand would do, told at once, or some runs later, as outcomes of many
// workers are.

// story is a plan in which nothing is done.
func story() *scenarios.Plan {
	p := &scenarios.Plan{Name: "story-1"}
	p.Default()
	return p
}

// told is what comes of a step: a crash after the creation of a Secret brings about a get.
func told(step search.Step) search.Told {
	h := &history{*happened()}
	if strings.Contains(step.By, "create secrets default/a #1: crash after") {
		h.call(12*time.Second, "get", "secrets", "a", 200)
	}
	plan := step.Plan
	if plan == nil {
		plan = story()
	}
	return search.Told{Stories: 2, Plan: plan, Sketch: sketch(&h.History)}
}

// follow makes at most so many runs of a course, each told when so many more are under
// way, or when the course waits.
func follow(t *testing.T, c *search.Course, runs, late int, of func(search.Step) search.Told) []search.Step {
	t.Helper()
	var all []search.Step
	next := 0 // to be told
	for len(all) < runs {
		step, ok, wait := c.Next()
		if ok {
			all = append(all, step)
		}
		if !ok && !wait {
			break
		}
		for next < len(all) && (wait || len(all)-next > late) {
			c.Tell(of(all[next]))
			next, wait = next+1, false
		}
	}
	for ; next < len(all); next++ {
		c.Tell(of(all[next]))
	}
	return all
}

func TestTheCourseDoesNotDependOnWorkers(t *testing.T) {
	once := follow(t, search.NewCourse(1, ""), 200, 0, told)
	require.Len(t, once, 200, "the swarm is without end")
	for _, late := range []int{1, 7, search.Window - 1} {
		assert.Equal(t, once, follow(t, search.NewCourse(1, ""), 200, late, told), "%d runs under way", late)
	}
	stages := map[search.Stage]int{}
	names := map[string]bool{}
	for i, step := range once {
		stages[step.Stage]++
		assert.False(t, names[step.Name], "%s is there twice", step.Name)
		names[step.Name] = true
		if i < 20 {
			assert.NotEqual(t, search.Swarm, step.Stage, "run %d: probes come first", i)
		}
	}
	assert.Equal(t, 2, stages[search.FaultFree])
	assert.NotZero(t, stages[search.Systematic])
	assert.Contains(t, once[2].By, "restarted at rest", "the end of each story, once more")
	assert.Equal(t, search.Broad, once[4].Stage, "and then what befalls much at once")
	assert.Less(t, stages[search.Broad], 30)
	assert.NotZero(t, stages[search.Recursive])
	assert.NotZero(t, stages[search.Swarm])
	assert.NotZero(t, stages[search.Guided])
	for _, step := range once {
		if step.Stage == search.Guided {
			assert.NoError(t, step.Plan.Validate(), step.Name)
			assert.NotEmpty(t, step.Plan.Faults)
		}
	}
}

func TestOneRunOfACourse(t *testing.T) {
	for _, wanted := range follow(t, search.NewCourse(1, ""), 120, 0, told) {
		if !strings.HasPrefix(wanted.Name, "probe-") {
			continue
		}
		alone := follow(t, search.NewCourse(1, wanted.Name), 1000, 0, told)
		last := alone[len(alone)-1]
		require.Equal(t, wanted.Name, last.Name, "it comes last: what it is made from is before it")
		require.Len(t, alone, 2+strings.Count(wanted.Name, "-"), wanted.Name)
		assert.Equal(t, wanted.Plan.Faults, last.Plan.Faults)
	}
	assert.Len(t, follow(t, search.NewCourse(1, "probe-00000000"), 1000, 0, told), 2, "no probe has that name")
}

func TestStoriesThatFail(t *testing.T) {
	fails := func(known bool) func(search.Step) search.Told {
		return func(search.Step) search.Told { return search.Told{Stories: 2, Failed: true, Known: known} }
	}
	assert.Len(t, follow(t, search.NewCourse(1, ""), 50, 0, fails(false)), 2, "it fails without faults: that is the end")
	c := search.NewCourse(1, "")
	assert.Len(t, follow(t, c, 50, 0, fails(true)), 50, "what is known is not looked into: the swarm is left")
	second := func(step search.Step) search.Told {
		t := told(step)
		t.Failed = step.Name == "story-1"
		return t
	}
	for _, step := range follow(t, search.NewCourse(1, ""), 50, 0, second) {
		if step.Stage == search.Systematic {
			return
		}
	}
	assert.Fail(t, "no probe of the story that passes")
}

// Plans that somebody wrote are struck by probes, and nothing else is drawn.
func TestOwnStories(t *testing.T) {
	own := *story()
	own.Name, own.Seed = "mine", 7
	steps := follow(t, search.NewCourse(1, "").OwnStories([]scenarios.Plan{own}), 1000, 3, told)
	require.Less(t, len(steps), 1000, "it ends with the last probe")
	assert.Equal(t, "mine", steps[0].Plan.Name)
	for _, step := range steps {
		assert.NotEqual(t, search.Swarm, step.Stage)
		assert.EqualValues(t, 7, step.Seed)
	}
}
