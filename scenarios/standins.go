package scenarios

import (
	"reflect"

	"gopkg.in/yaml.v3"

	"github.com/seatrial/seatrial/internal/format"
	"github.com/seatrial/seatrial/internal/yamlread"
	"github.com/seatrial/seatrial/sim"
)

// StandIns puts parts of a cluster into a world, the kubelet for one: see package
// sim/cluster, whose options are some.
type StandIns = sim.StandIns

// standInsField is what a file says of stand-ins. Which there are, the program says that
// reads it: one that needs none does not link them.
func standInsField() format.Field[Site] {
	const name, doc = "standIns", "Parts of a cluster that the API server alone has not, each as slow and as faulty as the seed wants where nothing is said of it: kubelet: {}, deployments: {}."
	return format.Custom(name, doc,
		func() format.Schema {
			options := sim.NewStandInOptions()
			if options == nil {
				return format.AnyObject()
			}
			fields, _ := standInFields(options)
			return fields.Schema()
		},
		func(o *yamlread.Object, name string, s *Site) {
			if !o.Has(name) {
				return
			}
			options := sim.NewStandInOptions()
			if options == nil {
				o.Value(name)
				o.Wrong(name, "this program has no stand-ins", `an import of _ "github.com/seatrial/seatrial/sim/cluster"`)
				return
			}
			inner := o.Child(name)
			if inner == nil {
				return
			}
			fields, value := standInFields(options)
			fields.Read(inner, &value)
			inner.Done()
			if len(inner.Names()) == 0 {
				o.Wrong(name, "empty", "stand-ins such as kubelet: {}, or no field")
			}
			s.StandIns = options
		},
		func(s *Site) *yaml.Node {
			if s.StandIns == nil {
				return nil
			}
			fields, value := standInFields(s.StandIns)
			return fields.Write(&value).Node()
		})
}

func standInFields(options sim.StandInOptions) (format.Object[reflect.Value], reflect.Value) {
	value := reflect.ValueOf(options).Elem()
	return format.Tagged(value.Type()), value
}

// validateStandIns reports what is wrong with the options, and stand-ins whose process is
// one of the file's own.
func (s *Site) validateStandIns(report Report) {
	if s.StandIns == nil {
		return
	}
	for _, p := range s.StandIns.Problems() {
		report("standIns."+p.Field, p.Problem, p.Want)
	}
	taken := map[string]bool{}
	for _, name := range s.StandIns.Drawn().ProcessNames() {
		taken[name] = true
	}
	for _, name := range s.processNames() {
		if taken[name] {
			report("standIns", "a process of the file is called "+name+", and so is a stand-in", "another name for the process")
		}
	}
}

// standInNames are those of the processes of the site's stand-ins.
func (s *Site) standInNames() []string {
	if s.StandIns == nil {
		return nil
	}
	return s.StandIns.Drawn().ProcessNames()
}
