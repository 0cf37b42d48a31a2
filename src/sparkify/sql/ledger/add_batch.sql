-- etl_batches: the sums of a batch.
insert into etl_batches (
    run_id, batch, files, bytes, records_read, events_staged, songs_staged, rejected, plays_new, plays_known,
    other_pages, conflicts
)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
