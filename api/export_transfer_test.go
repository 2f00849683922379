package api

import "florin/wallet"

// AppendTransfer is appendTransfer.
func AppendTransfer(dst []byte, t *wallet.Transfer, live bool) []byte {
	return appendTransfer(dst, t, live)
}
