package sim

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Goal: a dump of goroutines is read as it is meant. Method: one with a spinning
// manager, one that is durably blocked, one of an earlier run and one of none.

const dump = `goroutine 1 [chan receive]:
testing.(*T).Run(0x1, {0x2, 0x3}, 0x4)
	/go/testing.go:1 +0x1

goroutine 7 [sleep (durable), synctest bubble 1]:
time.Sleep(0x1)
	/go/time.go:1 +0x1
example.com/old.clean()
	/old.go:1 +0x1
created by example.com/old.New in goroutine 6
	/old.go:2 +0x1

goroutine 20 [runnable, synctest bubble 2]:
runtime.selectgo(0x1)
	/go/select.go:1 +0x1
sigs.k8s.io/controller-runtime/pkg/manager.(*runnableGroup).Start.func1()
	/runnable_group.go:207 +0x1
created by sigs.k8s.io/controller-runtime/pkg/manager.(*controllerManager).Start in goroutine 19
	/internal.go:1 +0x1

goroutine 21 [select (durable), synctest bubble 2]:
example.com/mine.(*Worker).wait(...)
	/mine.go:1 +0x1
created by example.com/mine.Start in goroutine 19
	/mine.go:2 +0x1
`

func TestADumpIsRead(t *testing.T) {
	hang := string(describeHang([]byte(dump)))
	advice, _, _ := strings.Cut(hang, "\n\n")
	assert.Equal(t, "blocks virtual time: sigs.k8s.io/controller-runtime/pkg/manager.(*runnableGroup).Start.func1 (runnable), started by sigs.k8s.io/controller-runtime/pkg/manager.(*controllerManager).Start: "+
		"controller-runtime's manager loops without a pause when its context ends before its caches have synced, as it does when the process is killed soon after its start: give it a cache that is not waited for (docs/use/own-controller.md, controller-runtime)", advice)
	assert.True(t, strings.HasSuffix(hang, dump), "all of it comes after")

	message, detail := describeLeak(dump)
	assert.Equal(t, "goroutines are left after every process was stopped: "+
		"1 started by example.com/mine.Start, waiting in example.com/mine.(*Worker).wait (select); "+
		"1 started by sigs.k8s.io/controller-runtime/pkg/manager.(*controllerManager).Start, waiting in sigs.k8s.io/controller-runtime/pkg/manager.(*runnableGroup).Start.func1 (runnable)", message)
	assert.NotContains(t, detail, "example.com/old", "it is of an earlier run")
}
