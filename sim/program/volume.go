//go:build linux && amd64

package program

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/seatrial/seatrial/sim"
)

// volume is a folder of a life whose files follow an object. As a kubelet lays them out,
// each file is a link into ..data, which is a link to the folder with the latest content:
// the program sees all of a change or nothing, and file watches see what they would there.
type volume struct {
	Volume
	dir     string // on the machine
	content map[string][]byte
	there   bool
	waits   bool // that it is not there has been told
	version int
}

// A kubelet looks at its pods each minute, at one whose container has just started a moment
// later, and each second at one that lacks something.
const (
	volumePeriod  = time.Minute
	startedPeriod = 2 * time.Second
	missingPeriod = time.Second
)

// mount makes the volumes of a life. It waits, in virtual time, until all are there that
// have to be.
func (a *agent) mount(ctx context.Context, f files) error {
	for _, v := range a.o.Volumes {
		mounted := &volume{Volume: v, dir: filepath.Join(f.root, filepath.FromSlash(v.Path))}
		if err := os.MkdirAll(mounted.dir, 0o755); err != nil {
			return ofTheMachine(fmt.Errorf("making a volume: %w", err))
		}
		a.volumes = append(a.volumes, mounted)
		for {
			if _, err := a.refresh(mounted); err != nil {
				return err
			}
			if mounted.there || v.Optional {
				break
			}
			if !mounted.waits {
				a.note("is not started before %s is there", cmp.Or(v.Secret, v.ConfigMap))
				mounted.waits = true
			}
			sim.Pause(ctx, missingPeriod)
			if ctx.Err() != nil {
				return errStopped
			}
		}
	}
	a.nextMount = time.Now().Add(startedPeriod)
	return nil
}

// remount brings the volumes up to date when it is time for that. The result says that
// the process has to look.
func (a *agent) remount() (changed bool, err error) {
	if len(a.volumes) == 0 || time.Now().Before(a.nextMount) {
		return false, nil
	}
	since := time.Since(a.began).Truncate(volumePeriod)
	a.nextMount = a.began.Add(since + volumePeriod)
	for _, v := range a.volumes {
		wrote, err := a.refresh(v)
		if err != nil {
			return false, err
		}
		changed = changed || wrote
	}
	return changed, nil
}

// refresh lays out what a volume's object has now; one that was deleted leaves its files.
func (a *agent) refresh(v *volume) (changed bool, err error) {
	content, there, err := a.contentOf(v.Volume)
	if err != nil || !there || v.there && maps.EqualFunc(v.content, content, bytes.Equal) {
		return false, err
	}
	if err := v.write(content); err != nil {
		return false, ofTheMachine(fmt.Errorf("writing a volume: %w", err))
	}
	v.content, v.there = content, true
	return true, nil
}

func (a *agent) contentOf(v Volume) (content map[string][]byte, there bool, err error) {
	resource, name := "secrets", v.Secret
	if v.ConfigMap != "" {
		resource, name = "configmaps", v.ConfigMap
	}
	stored, err := a.env.Stored(schema.GroupResource{Resource: resource}, types.NamespacedName{Namespace: a.o.namespace(), Name: name})
	if err != nil {
		return nil, false, errStopped
	}
	switch o := stored.(type) {
	case *corev1.Secret:
		return o.Data, true, nil
	case *corev1.ConfigMap:
		content = maps.Clone(o.BinaryData)
		if content == nil {
			content = map[string][]byte{}
		}
		for key, text := range o.Data {
			content[key] = []byte(text)
		}
		return content, true, nil
	}
	return nil, false, nil
}

const dataLink = "..data"

// write swaps the files for others.
func (v *volume) write(content map[string][]byte) error {
	v.version++
	fresh := fmt.Sprintf("..version_%d", v.version)
	old, _ := os.Readlink(filepath.Join(v.dir, dataLink))
	problems := []error{os.Mkdir(filepath.Join(v.dir, fresh), 0o755)}
	for _, key := range slices.Sorted(maps.Keys(content)) {
		problems = append(problems, os.WriteFile(filepath.Join(v.dir, fresh, key), content[key], 0o644))
	}
	next := filepath.Join(v.dir, dataLink+"_next")
	problems = append(problems, os.Symlink(fresh, next), os.Rename(next, filepath.Join(v.dir, dataLink)))
	for _, key := range slices.Sorted(maps.Keys(content)) {
		if _, had := v.content[key]; !had {
			problems = append(problems, os.Symlink(filepath.Join(dataLink, key), filepath.Join(v.dir, key)))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(v.content)) {
		if _, has := content[key]; !has {
			problems = append(problems, os.Remove(filepath.Join(v.dir, key)))
		}
	}
	if old != "" {
		problems = append(problems, os.RemoveAll(filepath.Join(v.dir, old)))
	}
	return errors.Join(problems...)
}
