package model

// Generic lists the properties of any controller, and the one by which the
// harness checks its own API server.
func Generic() []Property {
	return []Property{
		noPanic(),
		noExit(),
		noHang(),
		noGoroutineLeak(),
		usersPerformed(),
		storeLinearizable(),
		quiet(),
		boundedRetries(),
		retriesFall(),
		permitted(),
	}
}
