-- etl_files: earlier versions of the batch's files.
delete from etl_files
using load_files
where etl_files.url = load_files.url and etl_files.kind = load_files.kind
