create table city(id integer primary key, name text collate nocase, country text, population integer, founded date);
insert into city(name, country, population, founded) values ('Wien','AT',1982097,'1221-10-18'),('Graz','AT',292630,'1128-01-01'),('Zürich','CH',421878,null),('Bern','CH',133883,'1191-01-01'),('Łódź','PL',672185,'1423-07-29');
create unique index city_name on city(name);
create view big as select name, population from city where population > 400000;
create trigger growth after update of population on city begin insert into log values (old.name, new.population - old.population); end;
create table log(name, change);
begin; update city set population = population * 1.01 where country = 'AT'; commit;
begin; delete from city; select count(*) from city; rollback;
.mode column
.headers on
select *, population / 3.7 as density, julianday('2024-02-29') - julianday(founded) as days from city order by name;
select country, sum(population), avg(population), group_concat(name, '; ') from city group by country having count(*) > 1;
select * from log; select * from big;
with recursive mandel(x) as (select 1 union all select x * 2 + 1 from mandel where x < 1000000) select count(*), max(x), hex(max(x)) from mandel;
select name, rank() over (partition by country order by population desc) as place, sum(population) over (order by id) from city;
select typeof(1), typeof(1.5), typeof('x'), typeof(x'00'), 7/2, 7%3, 7.0/2, 1e300*1e300, 9223372036854775807 + 1, -9223372036854775808, round(2.675, 2), printf('%08.3f %s %x', 3.14159, 'x', 255);
select json_group_array(json_object('n', name, 'p', population)) from city where json_valid('[1]'); select strftime('%Y-%m-%d %H:%M:%S', 1e9, 'unixepoch'), date('2024-01-31', '+1 month'), upper('straße'), instr('hello', 'l'), substr('hello', -3, 2), replace('aXbX', 'X', 'yy'), quote(x'feed'), like('W%', 'wien'), 'a' glob '[a-c]';
create virtual table docs using fts5(body); insert into docs values ('the quick brown fox'), ('jumped over the lazy dog'); select highlight(docs, 0, '<', '>') from docs where docs match 'quick OR dog' order by rank;
insert into city(name) values ('wien');
.mode insert
select id, name, founded from city limit 2;
explain query plan select * from city where name = 'Bern';
.dump log
create table bulk as with recursive c(n) as (select 1 union all select n + 1 from c where n < 20000) select n, n * 7919 % 10007 as k, hex(n) as h from c; create index bulk_k on bulk(k, h);
select count(distinct k), sum(n * k), max(h) from bulk; select b.n, c.n from bulk b join bulk c on b.k = c.k + 1 where b.n < 4; delete from bulk where n % 3 = 0; vacuum; pragma integrity_check; pragma page_count;
.changes on
.tables
.schema city
