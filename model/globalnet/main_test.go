package globalnet

import (
	"os"
	"slices"
	"testing"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/internal/modeltest"
)

func everyProperty() []model.Property {
	return slices.Concat(Properties(testOptions), Metrics(testOptions), HostRules(), Promptness(promising), Told(), Order(promising), Consumers(testOptions))
}

func TestMain(m *testing.M) { os.Exit(modeltest.Main(m, everyProperty())) }
