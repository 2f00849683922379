package wallet

import (
	"strconv"

	"florin/event"
	"florin/ident"
)

// event returns the event of the transfer's present version.
func (t Transfer) event(kind event.Type) event.Event {
	data := make([]byte, 0, 224)
	data = append(data, `{"id":"`...)
	data = t.ID.Append(data, ident.Transfer)
	data = append(data, `","object":"transfer","status":"`...)
	data = append(data, t.Status...)
	data = append(data, `","from_user_id":`...)
	data = strconv.AppendInt(data, t.FromUserID, 10)
	data = append(data, `,"to_user_id":`...)
	data = strconv.AppendInt(data, t.ToUserID, 10)
	data = append(data, `,"amount":`...)
	data = strconv.AppendInt(data, t.Amount.Minor, 10)
	data = append(data, `,"currency":"`...)
	data = append(data, t.Amount.Currency...)
	if t.Reason != "" {
		data = append(data, `","reason":"`...)
		data = append(data, t.Reason...)
	}
	return event.Event{
		Type: kind, Kind: ident.Transfer, Object: t.ID, Version: t.Version, UserID: t.FromUserID,
		Data: append(data, `"}`...),
	}
}
