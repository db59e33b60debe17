module bonafide/test/peers/audiosocket-go

go 1.21
