; 88fa081f1f3ccf2e GUEST_START=0x10000 GUEST_END=0x9ffe0000
define internal noundef i64 @move_many(i64 noundef returned %to, i32 noundef %s, i32 noundef %k) noinline nounwind null_pointer_is_valid {
entry:
  %conv = trunc i64 %to to i32
  %cmp = icmp ugt i32 %k, 1023
  br i1 %cmp, label %if.then, label %if.end

if.then:                                          ; preds = %entry
  %0 = inttoptr i32 %s to ptr
  %1 = load volatile i8, ptr %0, align 1
  %or.i = or i32 %s, 4095
  %add.i = add i32 %or.i, 1
  %add1.i = add i32 %k, %s
  %cmp7.i = icmp ult i32 %add.i, %add1.i
  br i1 %cmp7.i, label %for.body.i, label %touch_to_read.exit

for.body.i:                                       ; preds = %if.then, %for.body.i
  %page.08.i = phi i32 [ %add2.i, %for.body.i ], [ %add.i, %if.then ]
  %2 = inttoptr i32 %page.08.i to ptr
  %3 = load volatile i8, ptr %2, align 4096
  %add2.i = add i32 %page.08.i, 4096
  %cmp.i = icmp ult i32 %add2.i, %add1.i
  br i1 %cmp.i, label %for.body.i, label %touch_to_read.exit

touch_to_read.exit:                               ; preds = %for.body.i, %if.then
  %4 = inttoptr i32 %conv to ptr
  %5 = load volatile i8, ptr %4, align 1
  store volatile i8 %5, ptr %4, align 1
  %or.i108 = or i32 %conv, 4095
  %add.i109 = add i32 %or.i108, 1
  %add1.i110 = add i32 %k, %conv
  %cmp9.i = icmp ult i32 %add.i109, %add1.i110
  br i1 %cmp9.i, label %for.body.i111, label %touch_to_write.exit

for.body.i111:                                    ; preds = %touch_to_read.exit, %for.body.i111
  %page.010.i = phi i32 [ %add2.i112, %for.body.i111 ], [ %add.i109, %touch_to_read.exit ]
  %6 = inttoptr i32 %page.010.i to ptr
  %7 = load volatile i8, ptr %6, align 4096
  store volatile i8 %7, ptr %6, align 4096
  %add2.i112 = add i32 %page.010.i, 4096
  %cmp.i113 = icmp ult i32 %add2.i112, %add1.i110
  br i1 %cmp.i113, label %for.body.i111, label %touch_to_write.exit

touch_to_write.exit:                              ; preds = %for.body.i111, %touch_to_read.exit
  tail call void @llvm.memmove.p0.p0.i32(ptr align 1 %4, ptr align 1 %0, i32 %k, i1 false)
  br label %cleanup

if.end:                                           ; preds = %entry
  %add = add i32 %s, -16
  %sub = add i32 %add, %k
  %8 = inttoptr i32 %sub to ptr
  %9 = load <16 x i8>, ptr %8, align 1
  %sub4 = sub i32 %conv, %s
  %cmp5.not = icmp ult i32 %sub4, %k
  br i1 %cmp5.not, label %if.else, label %for.cond.preheader

for.cond.preheader:                               ; preds = %if.end
  %cmp9114 = icmp samesign ugt i32 %k, 32
  br i1 %cmp9114, label %for.body, label %for.end

for.body:                                         ; preds = %for.cond.preheader, %for.body
  %add8116 = phi i32 [ %add8, %for.body ], [ 32, %for.cond.preheader ]
  %i.0115 = phi i32 [ %add8116, %for.body ], [ 0, %for.cond.preheader ]
  %add11 = add i32 %i.0115, %s
  %10 = inttoptr i32 %add11 to ptr
  %11 = load <16 x i8>, ptr %10, align 1
  %add14 = add i32 %add11, 16
  %12 = inttoptr i32 %add14 to ptr
  %13 = load <16 x i8>, ptr %12, align 1
  %add16 = add i32 %i.0115, %conv
  %14 = inttoptr i32 %add16 to ptr
  store <16 x i8> %11, ptr %14, align 1
  %add18 = add i32 %add16, 16
  %15 = inttoptr i32 %add18 to ptr
  store <16 x i8> %13, ptr %15, align 1
  %add8 = add nuw nsw i32 %add8116, 32
  %cmp9 = icmp samesign ult i32 %add8, %k
  br i1 %cmp9, label %for.body, label %for.end

for.end:                                          ; preds = %for.body, %for.cond.preheader
  %i.0.lcssa = phi i32 [ 0, %for.cond.preheader ], [ %add8116, %for.body ]
  %add20 = or disjoint i32 %i.0.lcssa, 16
  %cmp21 = icmp samesign ult i32 %add20, %k
  br i1 %cmp21, label %if.then23, label %if.end27

if.then23:                                        ; preds = %for.end
  %add24 = add i32 %i.0.lcssa, %conv
  %add25 = add i32 %i.0.lcssa, %s
  %16 = inttoptr i32 %add25 to ptr
  %17 = load <16 x i8>, ptr %16, align 1
  %18 = inttoptr i32 %add24 to ptr
  store <16 x i8> %17, ptr %18, align 1
  br label %if.end27

if.end27:                                         ; preds = %if.then23, %for.end
  %add28 = add i32 %conv, -16
  %sub29 = add i32 %add28, %k
  %19 = inttoptr i32 %sub29 to ptr
  store <16 x i8> %9, ptr %19, align 1
  br label %cleanup

if.else:                                          ; preds = %if.end
  %20 = inttoptr i32 %s to ptr
  %21 = load <16 x i8>, ptr %20, align 1
  %cmp33117 = icmp samesign ugt i32 %k, 32
  br i1 %cmp33117, label %for.body35, label %for.end50

for.body35:                                       ; preds = %if.else, %for.body35
  %i31.0118 = phi i32 [ %sub49, %for.body35 ], [ %k, %if.else ]
  %add37 = add i32 %i31.0118, %s
  %sub38 = add i32 %add37, -16
  %22 = inttoptr i32 %sub38 to ptr
  %23 = load <16 x i8>, ptr %22, align 1
  %sub42 = add i32 %add37, -32
  %24 = inttoptr i32 %sub42 to ptr
  %25 = load <16 x i8>, ptr %24, align 1
  %add44 = add i32 %i31.0118, %conv
  %sub45 = add i32 %add44, -16
  %26 = inttoptr i32 %sub45 to ptr
  store <16 x i8> %23, ptr %26, align 1
  %sub47 = add i32 %add44, -32
  %27 = inttoptr i32 %sub47 to ptr
  store <16 x i8> %25, ptr %27, align 1
  %sub49 = add nsw i32 %i31.0118, -32
  %cmp33 = icmp ugt i32 %sub49, 32
  br i1 %cmp33, label %for.body35, label %for.end50

for.end50:                                        ; preds = %for.body35, %if.else
  %i31.0.lcssa = phi i32 [ %k, %if.else ], [ %sub49, %for.body35 ]
  %cmp51 = icmp samesign ugt i32 %i31.0.lcssa, 16
  br i1 %cmp51, label %if.then53, label %if.end59

if.then53:                                        ; preds = %for.end50
  %add54 = add i32 %conv, -16
  %sub55 = add i32 %add54, %i31.0.lcssa
  %sub57 = add i32 %add, %i31.0.lcssa
  %28 = inttoptr i32 %sub57 to ptr
  %29 = load <16 x i8>, ptr %28, align 1
  %30 = inttoptr i32 %sub55 to ptr
  store <16 x i8> %29, ptr %30, align 1
  br label %if.end59

if.end59:                                         ; preds = %if.then53, %for.end50
  %31 = inttoptr i32 %conv to ptr
  store <16 x i8> %21, ptr %31, align 1
  br label %cleanup

cleanup:                                          ; preds = %if.end27, %if.end59, %touch_to_write.exit
  ret i64 %to
}

declare void @llvm.memmove.p0.p0.i32(ptr writeonly captures(none), ptr readonly captures(none), i32, i1 immarg)

define internal range(i64 -1, 2684223489) i64 @string_move(i64 noundef %to, i64 noundef %from, i64 noundef %n) nounwind null_pointer_is_valid {
entry:
  %0 = add i64 %to, -2684223489
  %or.cond.i = icmp ult i64 %0, -2684157953
  %sub.i = sub nuw nsw i64 2684223488, %to
  %cmp2.i = icmp ugt i64 %n, %sub.i
  %narrow.i.not = select i1 %or.cond.i, i1 true, i1 %cmp2.i
  br i1 %narrow.i.not, label %return, label %lor.lhs.false

lor.lhs.false:                                    ; preds = %entry
  %1 = add i64 %from, -2684223489
  %or.cond.i133 = icmp ult i64 %1, -2684157953
  %sub.i134 = sub nuw nsw i64 2684223488, %from
  %cmp2.i135 = icmp samesign ugt i64 %n, %sub.i134
  %narrow.i136.not = select i1 %or.cond.i133, i1 true, i1 %cmp2.i135
  br i1 %narrow.i136.not, label %return, label %if.end

if.end:                                           ; preds = %lor.lhs.false
  %conv = trunc nuw i64 %to to i32
  %conv3 = trunc nuw i64 %from to i32
  %conv4 = trunc nuw i64 %n to i32
  %cmp = icmp samesign ugt i64 %n, 64
  br i1 %cmp, label %if.then6, label %if.end8

if.then6:                                         ; preds = %if.end
  %call7 = tail call i64 @move_many(i64 noundef %to, i32 noundef %conv3, i32 noundef %conv4)
  br label %return

if.end8:                                          ; preds = %if.end
  %cmp9 = icmp samesign ugt i64 %n, 32
  br i1 %cmp9, label %if.then11, label %if.else

if.then11:                                        ; preds = %if.end8
  %2 = inttoptr i32 %conv3 to ptr
  %3 = load <16 x i8>, ptr %2, align 1
  %add = add nuw i32 %conv3, 16
  %4 = inttoptr i32 %add to ptr
  %5 = load <16 x i8>, ptr %4, align 1
  %add14 = add nuw i32 %conv4, %conv3
  %sub = add i32 %add14, -32
  %6 = inttoptr i32 %sub to ptr
  %7 = load <16 x i8>, ptr %6, align 1
  %sub17 = add i32 %add14, -16
  %8 = inttoptr i32 %sub17 to ptr
  %9 = load <16 x i8>, ptr %8, align 1
  %10 = inttoptr i32 %conv to ptr
  store <16 x i8> %3, ptr %10, align 1
  %add19 = add nuw i32 %conv, 16
  %11 = inttoptr i32 %add19 to ptr
  store <16 x i8> %5, ptr %11, align 1
  %add20 = add nuw i32 %conv4, %conv
  %sub21 = add i32 %add20, -32
  %12 = inttoptr i32 %sub21 to ptr
  store <16 x i8> %7, ptr %12, align 1
  %sub23 = add i32 %add20, -16
  %13 = inttoptr i32 %sub23 to ptr
  store <16 x i8> %9, ptr %13, align 1
  br label %return

if.else:                                          ; preds = %if.end8
  %cmp24 = icmp samesign ugt i64 %n, 16
  br i1 %cmp24, label %if.then26, label %if.else35

if.then26:                                        ; preds = %if.else
  %14 = inttoptr i32 %conv3 to ptr
  %15 = load <16 x i8>, ptr %14, align 1
  %add30 = add nuw i32 %conv4, %conv3
  %sub31 = add i32 %add30, -16
  %16 = inttoptr i32 %sub31 to ptr
  %17 = load <16 x i8>, ptr %16, align 1
  %18 = inttoptr i32 %conv to ptr
  store <16 x i8> %15, ptr %18, align 1
  %add33 = add nuw i32 %conv4, %conv
  %sub34 = add i32 %add33, -16
  %19 = inttoptr i32 %sub34 to ptr
  store <16 x i8> %17, ptr %19, align 1
  br label %return

if.else35:                                        ; preds = %if.else
  %cmp36 = icmp samesign ugt i64 %n, 7
  br i1 %cmp36, label %if.then38, label %if.else45

if.then38:                                        ; preds = %if.else35
  %20 = inttoptr i32 %conv3 to ptr
  %21 = load i64, ptr %20, align 1
  %add41 = add nuw i32 %conv4, %conv3
  %sub42 = add i32 %add41, -8
  %22 = inttoptr i32 %sub42 to ptr
  %23 = load i64, ptr %22, align 1
  %24 = inttoptr i32 %conv to ptr
  store i64 %21, ptr %24, align 1
  %add43 = add nuw i32 %conv4, %conv
  %sub44 = add i32 %add43, -8
  %25 = inttoptr i32 %sub44 to ptr
  store i64 %23, ptr %25, align 1
  br label %return

if.else45:                                        ; preds = %if.else35
  %cmp46 = icmp samesign ugt i64 %n, 3
  br i1 %cmp46, label %if.then48, label %if.else55

if.then48:                                        ; preds = %if.else45
  %26 = inttoptr i32 %conv3 to ptr
  %27 = load i32, ptr %26, align 1
  %add51 = add nuw i32 %conv4, %conv3
  %sub52 = add i32 %add51, -4
  %28 = inttoptr i32 %sub52 to ptr
  %29 = load i32, ptr %28, align 1
  %30 = inttoptr i32 %conv to ptr
  store i32 %27, ptr %30, align 1
  %add53 = add nuw i32 %conv4, %conv
  %sub54 = add i32 %add53, -4
  %31 = inttoptr i32 %sub54 to ptr
  store i32 %29, ptr %31, align 1
  br label %return

if.else55:                                        ; preds = %if.else45
  %tobool56.not = icmp eq i64 %n, 0
  br i1 %tobool56.not, label %return, label %if.then57

if.then57:                                        ; preds = %if.else55
  %32 = inttoptr i32 %conv3 to ptr
  %33 = load i8, ptr %32, align 1
  %div132 = lshr i32 %conv4, 1
  %add61 = add nuw i32 %div132, %conv3
  %34 = inttoptr i32 %add61 to ptr
  %35 = load i8, ptr %34, align 1
  %add64 = add nuw i32 %conv4, %conv3
  %sub65 = add i32 %add64, -1
  %36 = inttoptr i32 %sub65 to ptr
  %37 = load i8, ptr %36, align 1
  %38 = inttoptr i32 %conv to ptr
  store i8 %33, ptr %38, align 1
  %add69 = add nuw i32 %div132, %conv
  %39 = inttoptr i32 %add69 to ptr
  store i8 %35, ptr %39, align 1
  %add71 = add nuw i32 %conv4, %conv
  %sub72 = add i32 %add71, -1
  %40 = inttoptr i32 %sub72 to ptr
  store i8 %37, ptr %40, align 1
  br label %return

return:                                           ; preds = %if.then6, %if.then26, %if.then48, %if.then57, %if.else55, %if.then38, %if.then11, %entry, %lor.lhs.false
  %retval.1 = phi i64 [ -1, %entry ], [ -1, %lor.lhs.false ], [ %to, %if.then6 ], [ %to, %if.then26 ], [ %to, %if.then48 ], [ %to, %if.then57 ], [ %to, %if.else55 ], [ %to, %if.then38 ], [ %to, %if.then11 ]
  ret i64 %retval.1
}

define internal noundef i64 @set_many(i64 noundef returned %to, i8 noundef zeroext %c, i32 noundef %k) noinline nounwind null_pointer_is_valid {
entry:
  %conv = trunc i64 %to to i32
  %0 = inttoptr i32 %conv to ptr
  %1 = load volatile i8, ptr %0, align 1
  store volatile i8 %1, ptr %0, align 1
  %or.i = or i32 %conv, 4095
  %add.i = add i32 %or.i, 1
  %add1.i = add i32 %k, %conv
  %cmp9.i = icmp ult i32 %add.i, %add1.i
  br i1 %cmp9.i, label %for.body.i, label %touch_to_write.exit

for.body.i:                                       ; preds = %entry, %for.body.i
  %page.010.i = phi i32 [ %add2.i, %for.body.i ], [ %add.i, %entry ]
  %2 = inttoptr i32 %page.010.i to ptr
  %3 = load volatile i8, ptr %2, align 4096
  store volatile i8 %3, ptr %2, align 4096
  %add2.i = add i32 %page.010.i, 4096
  %cmp.i = icmp ult i32 %add2.i, %add1.i
  br i1 %cmp.i, label %for.body.i, label %touch_to_write.exit

touch_to_write.exit:                              ; preds = %for.body.i, %entry
  tail call void @llvm.memset.p0.i32(ptr align 1 %0, i8 %c, i32 %k, i1 false)
  ret i64 %to
}

declare void @llvm.memset.p0.i32(ptr writeonly captures(none), i8, i32, i1 immarg)

define internal range(i64 -1, 2684223489) i64 @string_set(i64 noundef %to, i64 noundef %value, i64 noundef %n) nounwind null_pointer_is_valid {
entry:
  %0 = add i64 %to, -2684223489
  %or.cond.i = icmp ult i64 %0, -2684157953
  %sub.i = sub nuw nsw i64 2684223488, %to
  %cmp2.i = icmp ugt i64 %n, %sub.i
  %narrow.i.not = select i1 %or.cond.i, i1 true, i1 %cmp2.i
  br i1 %narrow.i.not, label %return, label %if.end

if.end:                                           ; preds = %entry
  %conv = trunc nuw i64 %to to i32
  %conv1 = trunc nuw i64 %n to i32
  %conv2 = trunc i64 %value to i8
  %splat.splatinsert = insertelement <16 x i8> poison, i8 %conv2, i64 0
  %splat.splat = shufflevector <16 x i8> %splat.splatinsert, <16 x i8> poison, <16 x i32> zeroinitializer
  %cmp = icmp samesign ugt i64 %n, 15
  br i1 %cmp, label %if.then4, label %if.end16

if.then4:                                         ; preds = %if.end
  %cmp5 = icmp samesign ugt i64 %n, 1023
  br i1 %cmp5, label %if.then7, label %for.cond.preheader

for.cond.preheader:                               ; preds = %if.then4
  %cmp1181.not = icmp eq i64 %n, 16
  br i1 %cmp1181.not, label %for.cond.cleanup, label %for.body

if.then7:                                         ; preds = %if.then4
  %call8 = tail call i64 @set_many(i64 noundef %to, i8 noundef zeroext %conv2, i32 noundef %conv1)
  br label %return

for.cond.cleanup:                                 ; preds = %for.body, %for.cond.preheader
  %add15 = add nuw i32 %conv1, %conv
  %sub = add i32 %add15, -16
  %1 = inttoptr i32 %sub to ptr
  store <16 x i8> %splat.splat, ptr %1, align 1
  br label %return

for.body:                                         ; preds = %for.cond.preheader, %for.body
  %add1083 = phi i32 [ %add10, %for.body ], [ 16, %for.cond.preheader ]
  %i.082 = phi i32 [ %add1083, %for.body ], [ 0, %for.cond.preheader ]
  %add13 = add nuw i32 %i.082, %conv
  %2 = inttoptr i32 %add13 to ptr
  store <16 x i8> %splat.splat, ptr %2, align 1
  %add10 = add nuw nsw i32 %add1083, 16
  %cmp11 = icmp samesign ult i32 %add10, %conv1
  br i1 %cmp11, label %for.body, label %for.cond.cleanup

if.end16:                                         ; preds = %if.end
  %conv17 = and i64 %value, 255
  %mul = mul nuw i64 %conv17, 72340172838076673
  %cmp18 = icmp samesign ugt i64 %n, 7
  br i1 %cmp18, label %if.then20, label %if.else

if.then20:                                        ; preds = %if.end16
  %3 = inttoptr i32 %conv to ptr
  store i64 %mul, ptr %3, align 1
  %add21 = add nuw i32 %conv1, %conv
  %sub22 = add i32 %add21, -8
  %4 = inttoptr i32 %sub22 to ptr
  store i64 %mul, ptr %4, align 1
  br label %return

if.else:                                          ; preds = %if.end16
  %cmp23 = icmp samesign ugt i64 %n, 3
  br i1 %cmp23, label %if.then25, label %if.else30

if.then25:                                        ; preds = %if.else
  %conv26 = trunc i64 %mul to i32
  %5 = inttoptr i32 %conv to ptr
  store i32 %conv26, ptr %5, align 1
  %add28 = add nuw i32 %conv1, %conv
  %sub29 = add i32 %add28, -4
  %6 = inttoptr i32 %sub29 to ptr
  store i32 %conv26, ptr %6, align 1
  br label %return

if.else30:                                        ; preds = %if.else
  %tobool31.not = icmp eq i64 %n, 0
  br i1 %tobool31.not, label %return, label %if.then32

if.then32:                                        ; preds = %if.else30
  %7 = inttoptr i32 %conv to ptr
  store i8 %conv2, ptr %7, align 1
  %div80 = lshr i32 %conv1, 1
  %add34 = add nuw i32 %div80, %conv
  %8 = inttoptr i32 %add34 to ptr
  store i8 %conv2, ptr %8, align 1
  %add36 = add nuw i32 %conv1, %conv
  %sub37 = add i32 %add36, -1
  %9 = inttoptr i32 %sub37 to ptr
  store i8 %conv2, ptr %9, align 1
  br label %return

return:                                           ; preds = %if.then7, %for.cond.cleanup, %if.then25, %if.then32, %if.else30, %if.then20, %entry
  %retval.1 = phi i64 [ -1, %entry ], [ %to, %if.then7 ], [ %to, %for.cond.cleanup ], [ %to, %if.then25 ], [ %to, %if.then32 ], [ %to, %if.else30 ], [ %to, %if.then20 ]
  ret i64 %retval.1
}

define internal range(i64 -1, 4294967296) i64 @string_compare_bytes(i64 noundef %one, i64 noundef %other, i64 noundef %n) nounwind null_pointer_is_valid {
entry:
  %0 = add i64 %one, -2684223489
  %or.cond.i = icmp ult i64 %0, -2684157953
  %sub.i = sub nuw nsw i64 2684223488, %one
  %cmp2.i = icmp ugt i64 %n, %sub.i
  %narrow.i.not = select i1 %or.cond.i, i1 true, i1 %cmp2.i
  br i1 %narrow.i.not, label %return, label %lor.lhs.false

lor.lhs.false:                                    ; preds = %entry
  %1 = add i64 %other, -2684223489
  %or.cond.i172 = icmp ult i64 %1, -2684157953
  %sub.i173 = sub nuw nsw i64 2684223488, %other
  %cmp2.i174 = icmp samesign ugt i64 %n, %sub.i173
  %narrow.i175.not = select i1 %or.cond.i172, i1 true, i1 %cmp2.i174
  br i1 %narrow.i175.not, label %return, label %if.end

if.end:                                           ; preds = %lor.lhs.false
  %conv = trunc nuw i64 %one to i32
  %conv3 = trunc nuw i64 %other to i32
  %conv4 = trunc nuw i64 %n to i32
  %cmp210 = icmp samesign ugt i64 %n, 15
  br i1 %cmp210, label %while.body, label %while.end

while.body:                                       ; preds = %if.end, %cleanup51
  %a.0213 = phi i32 [ %add48, %cleanup51 ], [ %conv, %if.end ]
  %b.0212 = phi i32 [ %add49, %cleanup51 ], [ %conv3, %if.end ]
  %left.0211 = phi i32 [ %sub50, %cleanup51 ], [ %conv4, %if.end ]
  %and.i = and i32 %a.0213, 4095
  %cmp.i = icmp samesign ugt i32 %and.i, 4080
  %and.i177 = and i32 %b.0212, 4095
  %cmp.i178 = icmp samesign ugt i32 %and.i177, 4080
  %or.cond = select i1 %cmp.i, i1 true, i1 %cmp.i178
  br i1 %or.cond, label %for.body, label %if.then10

if.then10:                                        ; preds = %while.body
  %2 = inttoptr i32 %a.0213 to ptr
  %3 = load <16 x i8>, ptr %2, align 1
  %4 = inttoptr i32 %b.0212 to ptr
  %5 = load <16 x i8>, ptr %4, align 1
  %cmp13 = icmp eq <16 x i8> %3, %5
  %sext = sext <16 x i1> %cmp13 to <16 x i8>
  %6 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext)
  %tobool15.not = icmp eq i32 %6, 65535
  br i1 %tobool15.not, label %cleanup51, label %cleanup

cleanup:                                          ; preds = %if.then10
  %xor = xor i32 %6, 65535
  %7 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %xor, i1 true)
  %add = add i32 %7, %a.0213
  %8 = inttoptr i32 %add to ptr
  %9 = load i8, ptr %8, align 1
  %conv18 = zext i8 %9 to i64
  %add19 = add i32 %7, %b.0212
  %10 = inttoptr i32 %add19 to ptr
  %11 = load i8, ptr %10, align 1
  %conv21 = zext i8 %11 to i64
  %sub = sub nsw i64 %conv18, %conv21
  %conv22 = and i64 %sub, 4294967295
  br label %return

for.cond:                                         ; preds = %for.body
  %inc = add nuw nsw i32 %i24.0209, 1
  %exitcond = icmp eq i32 %inc, 16
  br i1 %exitcond, label %cleanup51, label %for.body

for.body:                                         ; preds = %while.body, %for.cond
  %i24.0209 = phi i32 [ %inc, %for.cond ], [ 0, %while.body ]
  %add27 = add i32 %i24.0209, %a.0213
  %12 = inttoptr i32 %add27 to ptr
  %13 = load i8, ptr %12, align 1
  %add30 = add i32 %i24.0209, %b.0212
  %14 = inttoptr i32 %add30 to ptr
  %15 = load i8, ptr %14, align 1
  %cmp33.not = icmp eq i8 %13, %15
  br i1 %cmp33.not, label %for.cond, label %cleanup45

cleanup45:                                        ; preds = %for.body
  %conv38 = zext i8 %13 to i64
  %conv41 = zext i8 %15 to i64
  %sub42 = sub nsw i64 %conv38, %conv41
  %conv43 = and i64 %sub42, 4294967295
  br label %return

cleanup51:                                        ; preds = %for.cond, %if.then10
  %add48 = add i32 %a.0213, 16
  %add49 = add i32 %b.0212, 16
  %sub50 = add i32 %left.0211, -16
  %cmp = icmp ugt i32 %sub50, 15
  br i1 %cmp, label %while.body, label %while.end

while.end:                                        ; preds = %cleanup51, %if.end
  %left.0.lcssa = phi i32 [ %conv4, %if.end ], [ %sub50, %cleanup51 ]
  %b.0.lcssa = phi i32 [ %conv3, %if.end ], [ %add49, %cleanup51 ]
  %a.0.lcssa = phi i32 [ %conv, %if.end ], [ %add48, %cleanup51 ]
  %cmp54 = icmp samesign ult i32 %left.0.lcssa, 8
  %and.i180 = and i32 %a.0.lcssa, 4095
  %cmp.i181 = icmp samesign ugt i32 %and.i180, 4088
  %or.cond197 = select i1 %cmp54, i1 true, i1 %cmp.i181
  %and.i183 = and i32 %b.0.lcssa, 4095
  %cmp.i184 = icmp samesign ugt i32 %and.i183, 4088
  %or.cond198 = select i1 %or.cond197, i1 true, i1 %cmp.i184
  br i1 %or.cond198, label %if.end84, label %if.then62

if.then62:                                        ; preds = %while.end
  %16 = inttoptr i32 %a.0.lcssa to ptr
  %17 = load i64, ptr %16, align 1
  %18 = inttoptr i32 %b.0.lcssa to ptr
  %19 = load i64, ptr %18, align 1
  %tobool65.not = icmp eq i64 %17, %19
  br i1 %tobool65.not, label %cleanup81.thread, label %cleanup81

cleanup81.thread:                                 ; preds = %if.then62
  %add78 = add i32 %a.0.lcssa, 8
  %add79 = add i32 %b.0.lcssa, 8
  %sub80 = add nsw i32 %left.0.lcssa, -8
  br label %if.end84

cleanup81:                                        ; preds = %if.then62
  %xor64 = xor i64 %19, %17
  %20 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %xor64, i1 true)
  %cast = trunc nuw nsw i64 %20 to i32
  %div171 = lshr i32 %cast, 3
  %add68 = add i32 %div171, %a.0.lcssa
  %21 = inttoptr i32 %add68 to ptr
  %22 = load i8, ptr %21, align 1
  %conv70 = zext i8 %22 to i64
  %add71 = add i32 %div171, %b.0.lcssa
  %23 = inttoptr i32 %add71 to ptr
  %24 = load i8, ptr %23, align 1
  %conv73 = zext i8 %24 to i64
  %sub74 = sub nsw i64 %conv70, %conv73
  %conv75 = and i64 %sub74, 4294967295
  br label %return

if.end84:                                         ; preds = %cleanup81.thread, %while.end
  %left.3 = phi i32 [ %sub80, %cleanup81.thread ], [ %left.0.lcssa, %while.end ]
  %b.3 = phi i32 [ %add79, %cleanup81.thread ], [ %b.0.lcssa, %while.end ]
  %a.3 = phi i32 [ %add78, %cleanup81.thread ], [ %a.0.lcssa, %while.end ]
  %cmp87.not216.not = icmp eq i32 %left.3, 0
  br i1 %cmp87.not216.not, label %return, label %for.body90

for.cond86:                                       ; preds = %for.body90
  %inc110 = add nuw i32 %i85.0217, 1
  %exitcond230.not = icmp eq i32 %inc110, %left.3
  br i1 %exitcond230.not, label %return, label %for.body90

for.body90:                                       ; preds = %if.end84, %for.cond86
  %i85.0217 = phi i32 [ %inc110, %for.cond86 ], [ 0, %if.end84 ]
  %add91 = add i32 %i85.0217, %a.3
  %25 = inttoptr i32 %add91 to ptr
  %26 = load i8, ptr %25, align 1
  %add94 = add i32 %i85.0217, %b.3
  %27 = inttoptr i32 %add94 to ptr
  %28 = load i8, ptr %27, align 1
  %cmp97.not = icmp eq i8 %26, %28
  br i1 %cmp97.not, label %for.cond86, label %if.then99

if.then99:                                        ; preds = %for.body90
  %conv102 = zext i8 %26 to i64
  %conv105 = zext i8 %28 to i64
  %sub106 = sub nsw i64 %conv102, %conv105
  %conv107 = and i64 %sub106, 4294967295
  br label %return

return:                                           ; preds = %for.cond86, %if.end84, %if.then99, %cleanup45, %cleanup, %cleanup81, %entry, %lor.lhs.false
  %retval.9 = phi i64 [ -1, %entry ], [ -1, %lor.lhs.false ], [ %conv22, %cleanup ], [ %conv75, %cleanup81 ], [ %conv43, %cleanup45 ], [ %conv107, %if.then99 ], [ 0, %if.end84 ], [ 0, %for.cond86 ]
  ret i64 %retval.9
}

declare i32 @llvm.cttz.i32(i32, i1 immarg)

declare i64 @llvm.cttz.i64(i64, i1 immarg)

define internal range(i64 -1, 4294967296) i64 @string_length(i64 noundef %text) nounwind null_pointer_is_valid {
entry:
  %0 = add i64 %text, -2684223488
  %narrow.i = icmp ult i64 %0, -2684157952
  br i1 %narrow.i, label %return, label %if.end.i

if.end.i:                                         ; preds = %entry
  %conv = trunc nuw i64 %text to i32
  %and.i = and i32 %conv, -16
  %1 = inttoptr i32 %and.i to ptr
  %2 = load <16 x i8>, ptr %1, align 16
  %cmp.i = icmp eq <16 x i8> %2, zeroinitializer
  %sext.i = sext <16 x i1> %cmp.i to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i)
  %and5.i = and i32 %conv, 15
  %shl.i = shl nuw nsw i32 65535, %and5.i
  %and6.i = and i32 %3, %shl.i
  %tobool7.not.i16 = icmp eq i32 %and6.i, 0
  br i1 %tobool7.not.i16, label %while.body.i, label %scan.exit

while.body.i:                                     ; preds = %if.end.i, %if.end10.i
  %block.0.i17 = phi i32 [ %add.i, %if.end10.i ], [ %and.i, %if.end.i ]
  %add.i = add i32 %block.0.i17, 16
  %cmp8.not.i = icmp ult i32 %add.i, -1610743808
  br i1 %cmp8.not.i, label %if.end10.i, label %scan.exit.thread

if.end10.i:                                       ; preds = %while.body.i
  %4 = inttoptr i32 %add.i to ptr
  %5 = load <16 x i8>, ptr %4, align 16
  %cmp.i7 = icmp eq <16 x i8> %5, zeroinitializer
  %sext.i8 = sext <16 x i1> %cmp.i7 to <16 x i8>
  %6 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i8)
  %tobool7.not.i = icmp eq i32 %6, 0
  br i1 %tobool7.not.i, label %while.body.i, label %scan.exit

scan.exit:                                        ; preds = %if.end10.i, %if.end.i
  %block.0.i.lcssa = phi i32 [ %and.i, %if.end.i ], [ %add.i, %if.end10.i ]
  %found.1.i.lcssa = phi i32 [ %and6.i, %if.end.i ], [ %6, %if.end10.i ]
  %7 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %found.1.i.lcssa, i1 true)
  %add18.i = add nuw i32 %7, %block.0.i.lcssa
  %add18.i.fr = freeze i32 %add18.i
  %cond.i = tail call i32 @llvm.umin.i32(i32 %add18.i.fr, i32 -1610743808)
  %cmp = icmp ugt i32 %add18.i.fr, -1610743809
  %sub = sub i32 %cond.i, %conv
  %conv3 = zext i32 %sub to i64
  br i1 %cmp, label %scan.exit.thread, label %return

scan.exit.thread:                                 ; preds = %while.body.i, %scan.exit
  br label %return

return:                                           ; preds = %scan.exit.thread, %scan.exit, %entry
  %retval.0 = phi i64 [ -1, %entry ], [ -1, %scan.exit.thread ], [ %conv3, %scan.exit ]
  ret i64 %retval.0
}

define internal range(i64 -1, 4294967296) i64 @string_length_limited(i64 noundef %text, i64 noundef %limit) nounwind null_pointer_is_valid {
entry:
  %0 = add i64 %text, -2684223488
  %narrow.i = icmp ult i64 %0, -2684157952
  br i1 %narrow.i, label %return, label %if.end

if.end:                                           ; preds = %entry
  %sub.i = sub nuw nsw i64 2684223488, %text
  %conv = trunc nuw i64 %text to i32
  %cmp = icmp ult i64 %limit, %sub.i
  %conv2 = trunc i64 %limit to i32
  %add = add i32 %conv2, %conv
  %cond = select i1 %cmp, i32 %add, i32 -1610743808
  %cmp.not.i = icmp ugt i32 %cond, %conv
  br i1 %cmp.not.i, label %if.end.i, label %scan.exit

if.end.i:                                         ; preds = %if.end
  %and.i = and i32 %conv, -16
  %1 = inttoptr i32 %and.i to ptr
  %2 = load <16 x i8>, ptr %1, align 16
  %cmp.i = icmp eq <16 x i8> %2, zeroinitializer
  %sext.i = sext <16 x i1> %cmp.i to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i)
  %and5.i = and i32 %conv, 15
  %shl.i = shl nuw nsw i32 65535, %and5.i
  %and6.i = and i32 %3, %shl.i
  %tobool7.not.i22 = icmp eq i32 %and6.i, 0
  br i1 %tobool7.not.i22, label %while.body.i, label %while.end.i

while.body.i:                                     ; preds = %if.end.i, %if.end10.i
  %block.0.i23 = phi i32 [ %add.i, %if.end10.i ], [ %and.i, %if.end.i ]
  %add.i = add i32 %block.0.i23, 16
  %cmp8.not.i = icmp ult i32 %add.i, %cond
  br i1 %cmp8.not.i, label %if.end10.i, label %scan.exit

if.end10.i:                                       ; preds = %while.body.i
  %4 = inttoptr i32 %add.i to ptr
  %5 = load <16 x i8>, ptr %4, align 16
  %cmp.i18 = icmp eq <16 x i8> %5, zeroinitializer
  %sext.i19 = sext <16 x i1> %cmp.i18 to <16 x i8>
  %6 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i19)
  %tobool7.not.i = icmp eq i32 %6, 0
  br i1 %tobool7.not.i, label %while.body.i, label %while.end.i

while.end.i:                                      ; preds = %if.end10.i, %if.end.i
  %block.0.i.lcssa = phi i32 [ %and.i, %if.end.i ], [ %add.i, %if.end10.i ]
  %found.1.i.lcssa = phi i32 [ %and6.i, %if.end.i ], [ %6, %if.end10.i ]
  %7 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %found.1.i.lcssa, i1 true)
  %add18.i = add i32 %7, %block.0.i.lcssa
  %cond.i = tail call i32 @llvm.umin.i32(i32 %add18.i, i32 %cond)
  br label %scan.exit

scan.exit:                                        ; preds = %while.body.i, %if.end, %while.end.i
  %retval.1.i = phi i32 [ %add, %if.end ], [ %cond.i, %while.end.i ], [ %cond, %while.body.i ]
  %cmp4 = icmp eq i32 %retval.1.i, -1610743808
  %sub8 = sub i32 %retval.1.i, %conv
  %conv9 = zext i32 %sub8 to i64
  %cond11 = select i1 %cmp4, i64 -1, i64 %conv9
  br label %return

return:                                           ; preds = %entry, %scan.exit
  %retval.0 = phi i64 [ %cond11, %scan.exit ], [ -1, %entry ]
  ret i64 %retval.0
}

define internal range(i64 -1, 4294967296) i64 @string_find_byte(i64 noundef %data, i64 noundef %value, i64 noundef %n) nounwind null_pointer_is_valid {
entry:
  %0 = add i64 %data, -2684223488
  %narrow.i = icmp ult i64 %0, -2684157952
  br i1 %narrow.i, label %return, label %if.end

if.end:                                           ; preds = %entry
  %sub.i = sub nuw nsw i64 2684223488, %data
  %conv = trunc nuw i64 %data to i32
  %cmp = icmp ult i64 %n, %sub.i
  %conv2 = trunc i64 %n to i32
  %add = add i32 %conv2, %conv
  %cond = select i1 %cmp, i32 %add, i32 -1610743808
  %cmp.not.i = icmp ugt i32 %cond, %conv
  br i1 %cmp.not.i, label %if.end.i, label %scan.exit

if.end.i:                                         ; preds = %if.end
  %conv3 = trunc i64 %value to i8
  %and.i = and i32 %conv, -16
  %1 = inttoptr i32 %and.i to ptr
  %2 = load <16 x i8>, ptr %1, align 16
  %splat.splatinsert.i = insertelement <16 x i8> poison, i8 %conv3, i64 0
  %splat.splat.i = shufflevector <16 x i8> %splat.splatinsert.i, <16 x i8> poison, <16 x i32> zeroinitializer
  %cmp.i = icmp eq <16 x i8> %2, %splat.splat.i
  %sext.i = sext <16 x i1> %cmp.i to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i)
  %and5.i = and i32 %conv, 15
  %shl.i = shl nuw nsw i32 65535, %and5.i
  %and6.i = and i32 %3, %shl.i
  %tobool7.not.i32 = icmp eq i32 %and6.i, 0
  br i1 %tobool7.not.i32, label %while.body.i, label %while.end.i

while.body.i:                                     ; preds = %if.end.i, %if.end10.i
  %block.0.i33 = phi i32 [ %add.i, %if.end10.i ], [ %and.i, %if.end.i ]
  %add.i = add i32 %block.0.i33, 16
  %cmp8.not.i = icmp ult i32 %add.i, %cond
  br i1 %cmp8.not.i, label %if.end10.i, label %scan.exit

if.end10.i:                                       ; preds = %while.body.i
  %4 = inttoptr i32 %add.i to ptr
  %5 = load <16 x i8>, ptr %4, align 16
  %cmp.i28 = icmp eq <16 x i8> %5, %splat.splat.i
  %sext.i29 = sext <16 x i1> %cmp.i28 to <16 x i8>
  %6 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i29)
  %tobool7.not.i = icmp eq i32 %6, 0
  br i1 %tobool7.not.i, label %while.body.i, label %while.end.i

while.end.i:                                      ; preds = %if.end10.i, %if.end.i
  %block.0.i.lcssa = phi i32 [ %and.i, %if.end.i ], [ %add.i, %if.end10.i ]
  %found.1.i.lcssa = phi i32 [ %and6.i, %if.end.i ], [ %6, %if.end10.i ]
  %7 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %found.1.i.lcssa, i1 true)
  %add18.i = add i32 %7, %block.0.i.lcssa
  %cond.i = tail call i32 @llvm.umin.i32(i32 %add18.i, i32 %cond)
  br label %scan.exit

scan.exit:                                        ; preds = %while.body.i, %if.end, %while.end.i
  %retval.1.i = phi i32 [ %add, %if.end ], [ %cond.i, %while.end.i ], [ %cond, %while.body.i ]
  %cmp5 = icmp eq i32 %retval.1.i, -1610743808
  %cmp9 = icmp eq i32 %retval.1.i, %cond
  %cond14 = select i1 %cmp9, i32 0, i32 %retval.1.i
  %conv15 = zext i32 %cond14 to i64
  %retval.0 = select i1 %cmp5, i64 -1, i64 %conv15
  br label %return

return:                                           ; preds = %entry, %scan.exit
  %retval.1 = phi i64 [ %retval.0, %scan.exit ], [ -1, %entry ]
  ret i64 %retval.1
}

define internal range(i64 -1, 2684223489) i64 @string_find_or_end(i64 noundef %text, i64 noundef %value) nounwind null_pointer_is_valid {
entry:
  %0 = add i64 %text, -2684223488
  %narrow.i = icmp ult i64 %0, -2684157952
  br i1 %narrow.i, label %return, label %if.end.i

if.end.i:                                         ; preds = %entry
  %conv = trunc nuw i64 %text to i32
  %conv1 = trunc i64 %value to i8
  %and.i = and i32 %conv, -16
  %1 = inttoptr i32 %and.i to ptr
  %2 = load <16 x i8>, ptr %1, align 16
  %splat.splatinsert.i = insertelement <16 x i8> poison, i8 %conv1, i64 0
  %splat.splat.i = shufflevector <16 x i8> %splat.splatinsert.i, <16 x i8> poison, <16 x i32> zeroinitializer
  %cmp.i = icmp eq <16 x i8> %2, %splat.splat.i
  %sext.i = sext <16 x i1> %cmp.i to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i)
  %cmp.i7 = icmp eq <16 x i8> %2, zeroinitializer
  %sext.i8 = sext <16 x i1> %cmp.i7 to <16 x i8>
  %4 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i8)
  %or.i = or i32 %3, %4
  %and5.i = and i32 %conv, 15
  %shl.i = shl nuw nsw i32 65535, %and5.i
  %and6.i = and i32 %or.i, %shl.i
  %tobool7.not.i21 = icmp eq i32 %and6.i, 0
  br i1 %tobool7.not.i21, label %while.body.i, label %scan.exit

while.body.i:                                     ; preds = %if.end.i, %if.end10.i
  %block.0.i22 = phi i32 [ %add.i, %if.end10.i ], [ %and.i, %if.end.i ]
  %cmp8.not.i = icmp ult i32 %block.0.i22, -1610743824
  br i1 %cmp8.not.i, label %if.end10.i, label %scan.exit.thread

if.end10.i:                                       ; preds = %while.body.i
  %add.i = add nuw i32 %block.0.i22, 16
  %5 = inttoptr i32 %add.i to ptr
  %6 = load <16 x i8>, ptr %5, align 16
  %cmp.i11 = icmp eq <16 x i8> %6, %splat.splat.i
  %sext.i12 = sext <16 x i1> %cmp.i11 to <16 x i8>
  %7 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i12)
  %cmp.i13 = icmp eq <16 x i8> %6, zeroinitializer
  %sext.i14 = sext <16 x i1> %cmp.i13 to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i14)
  %or16.i = or i32 %7, %8
  %tobool7.not.i = icmp eq i32 %or16.i, 0
  br i1 %tobool7.not.i, label %while.body.i, label %scan.exit

scan.exit:                                        ; preds = %if.end10.i, %if.end.i
  %block.0.i.lcssa = phi i32 [ %and.i, %if.end.i ], [ %add.i, %if.end10.i ]
  %found.1.i.lcssa = phi i32 [ %and6.i, %if.end.i ], [ %or16.i, %if.end10.i ]
  %9 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %found.1.i.lcssa, i1 true)
  %add18.i = add nuw i32 %9, %block.0.i.lcssa
  %add18.i.fr = freeze i32 %add18.i
  %cmp = icmp ugt i32 %add18.i.fr, -1610743809
  %conv4 = zext i32 %add18.i.fr to i64
  br i1 %cmp, label %scan.exit.thread, label %return

scan.exit.thread:                                 ; preds = %while.body.i, %scan.exit
  br label %return

return:                                           ; preds = %scan.exit.thread, %scan.exit, %entry
  %retval.0 = phi i64 [ -1, %entry ], [ -1, %scan.exit.thread ], [ %conv4, %scan.exit ]
  ret i64 %retval.0
}

define internal range(i64 -1, 2684223488) i64 @string_find(i64 noundef %text, i64 noundef %value) nounwind null_pointer_is_valid {
entry:
  %0 = add i64 %text, -2684223488
  %narrow.i.i = icmp ult i64 %0, -2684157952
  br i1 %narrow.i.i, label %cond.end, label %if.end.i.i

if.end.i.i:                                       ; preds = %entry
  %conv.i = trunc nuw i64 %text to i32
  %conv1.i = trunc i64 %value to i8
  %and.i.i = and i32 %conv.i, -16
  %1 = inttoptr i32 %and.i.i to ptr
  %2 = load <16 x i8>, ptr %1, align 16
  %splat.splatinsert.i.i = insertelement <16 x i8> poison, i8 %conv1.i, i64 0
  %splat.splat.i.i = shufflevector <16 x i8> %splat.splatinsert.i.i, <16 x i8> poison, <16 x i32> zeroinitializer
  %cmp.i.i = icmp eq <16 x i8> %2, %splat.splat.i.i
  %sext.i.i = sext <16 x i1> %cmp.i.i to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i.i)
  %cmp.i7.i = icmp eq <16 x i8> %2, zeroinitializer
  %sext.i8.i = sext <16 x i1> %cmp.i7.i to <16 x i8>
  %4 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i8.i)
  %or.i.i = or i32 %3, %4
  %and5.i.i = and i32 %conv.i, 15
  %shl.i.i = shl nuw nsw i32 65535, %and5.i.i
  %and6.i.i = and i32 %or.i.i, %shl.i.i
  %tobool7.not.i21.i = icmp eq i32 %and6.i.i, 0
  br i1 %tobool7.not.i21.i, label %while.body.i.i, label %scan.exit.i

while.body.i.i:                                   ; preds = %if.end.i.i, %if.end10.i.i
  %block.0.i22.i = phi i32 [ %add.i.i, %if.end10.i.i ], [ %and.i.i, %if.end.i.i ]
  %cmp8.not.i.i = icmp ult i32 %block.0.i22.i, -1610743824
  br i1 %cmp8.not.i.i, label %if.end10.i.i, label %cond.end

if.end10.i.i:                                     ; preds = %while.body.i.i
  %add.i.i = add nuw i32 %block.0.i22.i, 16
  %5 = inttoptr i32 %add.i.i to ptr
  %6 = load <16 x i8>, ptr %5, align 16
  %cmp.i11.i = icmp eq <16 x i8> %6, %splat.splat.i.i
  %sext.i12.i = sext <16 x i1> %cmp.i11.i to <16 x i8>
  %7 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i12.i)
  %cmp.i13.i = icmp eq <16 x i8> %6, zeroinitializer
  %sext.i14.i = sext <16 x i1> %cmp.i13.i to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i14.i)
  %or16.i.i = or i32 %7, %8
  %tobool7.not.i.i = icmp eq i32 %or16.i.i, 0
  br i1 %tobool7.not.i.i, label %while.body.i.i, label %scan.exit.i

scan.exit.i:                                      ; preds = %if.end10.i.i, %if.end.i.i
  %block.0.i.lcssa.i = phi i32 [ %and.i.i, %if.end.i.i ], [ %add.i.i, %if.end10.i.i ]
  %found.1.i.lcssa.i = phi i32 [ %and6.i.i, %if.end.i.i ], [ %or16.i.i, %if.end10.i.i ]
  %9 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %found.1.i.lcssa.i, i1 true)
  %add18.i.i = add nuw i32 %9, %block.0.i.lcssa.i
  %add18.i.fr.i = freeze i32 %add18.i.i
  %cmp.i = icmp ugt i32 %add18.i.fr.i, -1610743809
  br i1 %cmp.i, label %cond.end, label %land.lhs.true

land.lhs.true:                                    ; preds = %scan.exit.i
  %conv4.i = zext i32 %add18.i.fr.i to i64
  %10 = inttoptr i32 %add18.i.fr.i to ptr
  %11 = load i8, ptr %10, align 1
  %cmp5.not = icmp eq i8 %11, %conv1.i
  %spec.select = select i1 %cmp5.not, i64 %conv4.i, i64 0
  br label %cond.end

cond.end:                                         ; preds = %while.body.i.i, %land.lhs.true, %scan.exit.i, %entry
  %cond = phi i64 [ %spec.select, %land.lhs.true ], [ -1, %scan.exit.i ], [ -1, %entry ], [ -1, %while.body.i.i ]
  ret i64 %cond
}

define internal range(i64 -1, 2684223489) i64 @string_find_raw(i64 noundef %data, i64 noundef %value) nounwind null_pointer_is_valid {
entry:
  %0 = add i64 %data, -2684223488
  %narrow.i = icmp ult i64 %0, -2684157952
  br i1 %narrow.i, label %return, label %if.end.i

if.end.i:                                         ; preds = %entry
  %conv = trunc nuw i64 %data to i32
  %conv1 = trunc i64 %value to i8
  %and.i = and i32 %conv, -16
  %1 = inttoptr i32 %and.i to ptr
  %2 = load <16 x i8>, ptr %1, align 16
  %splat.splatinsert.i = insertelement <16 x i8> poison, i8 %conv1, i64 0
  %splat.splat.i = shufflevector <16 x i8> %splat.splatinsert.i, <16 x i8> poison, <16 x i32> zeroinitializer
  %cmp.i = icmp eq <16 x i8> %2, %splat.splat.i
  %sext.i = sext <16 x i1> %cmp.i to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i)
  %and5.i = and i32 %conv, 15
  %shl.i = shl nuw nsw i32 65535, %and5.i
  %and6.i = and i32 %3, %shl.i
  %tobool7.not.i17 = icmp eq i32 %and6.i, 0
  br i1 %tobool7.not.i17, label %while.body.i, label %scan.exit

while.body.i:                                     ; preds = %if.end.i, %if.end10.i
  %block.0.i18 = phi i32 [ %add.i, %if.end10.i ], [ %and.i, %if.end.i ]
  %cmp8.not.i = icmp ult i32 %block.0.i18, -1610743824
  br i1 %cmp8.not.i, label %if.end10.i, label %scan.exit.thread

if.end10.i:                                       ; preds = %while.body.i
  %add.i = add nuw i32 %block.0.i18, 16
  %4 = inttoptr i32 %add.i to ptr
  %5 = load <16 x i8>, ptr %4, align 16
  %cmp.i9 = icmp eq <16 x i8> %5, %splat.splat.i
  %sext.i10 = sext <16 x i1> %cmp.i9 to <16 x i8>
  %6 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i10)
  %tobool7.not.i = icmp eq i32 %6, 0
  br i1 %tobool7.not.i, label %while.body.i, label %scan.exit

scan.exit:                                        ; preds = %if.end10.i, %if.end.i
  %block.0.i.lcssa = phi i32 [ %and.i, %if.end.i ], [ %add.i, %if.end10.i ]
  %found.1.i.lcssa = phi i32 [ %and6.i, %if.end.i ], [ %6, %if.end10.i ]
  %7 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %found.1.i.lcssa, i1 true)
  %add18.i = add nuw i32 %7, %block.0.i.lcssa
  %add18.i.fr = freeze i32 %add18.i
  %cmp = icmp ugt i32 %add18.i.fr, -1610743809
  %conv4 = zext i32 %add18.i.fr to i64
  br i1 %cmp, label %scan.exit.thread, label %return

scan.exit.thread:                                 ; preds = %while.body.i, %scan.exit
  br label %return

return:                                           ; preds = %scan.exit.thread, %scan.exit, %entry
  %retval.0 = phi i64 [ -1, %entry ], [ -1, %scan.exit.thread ], [ %conv4, %scan.exit ]
  ret i64 %retval.0
}

define internal range(i64 -1, 4294967296) i64 @string_compare(i64 noundef %one, i64 noundef %other) nounwind null_pointer_is_valid {
entry:
  %0 = add i64 %one, -2684223488
  %narrow.i = icmp ult i64 %0, -2684157952
  %1 = add i64 %other, -2684223488
  %narrow.i6 = icmp ult i64 %1, -2684157952
  %or.cond = or i1 %narrow.i, %narrow.i6
  br i1 %or.cond, label %compare_strings.exit, label %if.end.i

if.end.i:                                         ; preds = %entry
  %cmp.i31 = icmp samesign ugt i64 %one, 2684223472
  %cmp6.i32 = icmp samesign ugt i64 %other, 2684223472
  %or.cond.i33 = or i1 %cmp.i31, %cmp6.i32
  br i1 %or.cond.i33, label %compare_strings.exit, label %if.end9.i

if.end9.i:                                        ; preds = %if.end.i, %if.end73.i
  %indvars.iv57 = phi i64 [ %indvars.iv.next58, %if.end73.i ], [ %other, %if.end.i ]
  %indvars.iv55 = phi i64 [ %indvars.iv.next56, %if.end73.i ], [ %one, %if.end.i ]
  %2 = trunc nuw i64 %indvars.iv55 to i32
  %and.i = and i32 %2, 4095
  %cmp.i8 = icmp samesign ugt i32 %and.i, 4080
  %3 = trunc nuw i64 %indvars.iv57 to i32
  %and.i10 = and i32 %3, 4095
  %cmp.i11 = icmp samesign ugt i32 %and.i10, 4080
  %or.cond18 = select i1 %cmp.i8, i1 true, i1 %cmp.i11
  br i1 %or.cond18, label %if.end45.i, label %if.then14.i

if.then14.i:                                      ; preds = %if.end9.i
  %4 = inttoptr i32 %2 to ptr
  %5 = load <16 x i8>, ptr %4, align 1
  %6 = inttoptr i32 %3 to ptr
  %7 = load <16 x i8>, ptr %6, align 1
  %cmp17.i = icmp eq <16 x i8> %5, %7
  %sext.i = sext <16 x i1> %cmp17.i to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i)
  %xor.i = xor i32 %8, 65535
  %cmp.i13 = icmp eq <16 x i8> %5, zeroinitializer
  %sext.i14 = sext <16 x i1> %cmp.i13 to <16 x i8>
  %9 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i14)
  %or.i = or i32 %xor.i, %9
  %tobool20.not.i = icmp eq i32 %or.i, 0
  br i1 %tobool20.not.i, label %if.end73.i, label %cond.true.i

cond.true.i:                                      ; preds = %if.then14.i
  %10 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %or.i, i1 true)
  %add.i = add nuw i32 %10, %2
  %11 = inttoptr i32 %add.i to ptr
  %12 = load i8, ptr %11, align 1
  %conv26.i = zext i8 %12 to i64
  %add27.i = add nuw i32 %10, %3
  %13 = inttoptr i32 %add27.i to ptr
  %14 = load i8, ptr %13, align 1
  %conv29.i = zext i8 %14 to i64
  %sub.i = sub nsw i64 %conv26.i, %conv29.i
  %15 = and i64 %sub.i, 4294967295
  br label %compare_strings.exit

for.cond38.i:                                     ; preds = %if.end45.i
  %indvars.iv.next = add nuw nsw i64 %indvars.iv, 1
  %exitcond = icmp eq i64 %indvars.iv.next, 16
  br i1 %exitcond, label %if.end73.i, label %if.end45.i

if.end45.i:                                       ; preds = %if.end9.i, %for.cond38.i
  %indvars.iv = phi i64 [ %indvars.iv.next, %for.cond38.i ], [ 0, %if.end9.i ]
  %16 = add nuw nsw i64 %indvars.iv, %indvars.iv55
  %17 = trunc nuw i64 %16 to i32
  %18 = inttoptr i32 %17 to ptr
  %19 = load i8, ptr %18, align 1
  %20 = add nuw nsw i64 %indvars.iv, %indvars.iv57
  %21 = trunc nuw i64 %20 to i32
  %22 = inttoptr i32 %21 to ptr
  %23 = load i8, ptr %22, align 1
  %cmp53.i = icmp eq i8 %19, %23
  %tobool56.i = icmp ne i8 %19, 0
  %or.cond83.i = and i1 %tobool56.i, %cmp53.i
  br i1 %or.cond83.i, label %for.cond38.i, label %compare_strings.exit.loopexit.split.loop.exit

if.end73.i:                                       ; preds = %for.cond38.i, %if.then14.i
  %indvars.iv.next56 = add nuw nsw i64 %indvars.iv55, 16
  %indvars.iv.next58 = add nuw nsw i64 %indvars.iv57, 16
  %cmp.i = icmp samesign ugt i64 %indvars.iv55, 2684223456
  %cmp6.i = icmp samesign ugt i64 %indvars.iv57, 2684223456
  %or.cond.i = select i1 %cmp.i, i1 true, i1 %cmp6.i
  br i1 %or.cond.i, label %compare_strings.exit, label %if.end9.i

compare_strings.exit.loopexit.split.loop.exit:    ; preds = %if.end45.i
  %conv52.i.le = zext i8 %23 to i64
  %conv51.i.le = zext i8 %19 to i64
  %sub60.i.le = sub nsw i64 %conv51.i.le, %conv52.i.le
  %conv61.i.le = and i64 %sub60.i.le, 4294967295
  br label %compare_strings.exit

compare_strings.exit:                             ; preds = %if.end73.i, %if.end.i, %compare_strings.exit.loopexit.split.loop.exit, %cond.true.i, %entry
  %retval.7.i = phi i64 [ -1, %entry ], [ %15, %cond.true.i ], [ -1, %if.end.i ], [ %conv61.i.le, %compare_strings.exit.loopexit.split.loop.exit ], [ -1, %if.end73.i ]
  ret i64 %retval.7.i
}

define internal range(i64 -1, 4294967296) i64 @string_compare_limited(i64 noundef %one, i64 noundef %other, i64 noundef %limit) nounwind null_pointer_is_valid {
entry:
  %tobool.not = icmp eq i64 %limit, 0
  br i1 %tobool.not, label %cond.end, label %cond.true

cond.true:                                        ; preds = %entry
  %0 = add i64 %one, -2684223488
  %narrow.i = icmp ult i64 %0, -2684157952
  %1 = add i64 %other, -2684223488
  %narrow.i7 = icmp ult i64 %1, -2684157952
  %or.cond = or i1 %narrow.i, %narrow.i7
  br i1 %or.cond, label %cond.end, label %if.end.i

if.end.i:                                         ; preds = %cond.true
  %cmp.i32 = icmp samesign ugt i64 %one, 2684223472
  %cmp6.i33 = icmp samesign ugt i64 %other, 2684223472
  %or.cond.i34 = or i1 %cmp.i32, %cmp6.i33
  br i1 %or.cond.i34, label %cond.end, label %if.end9.i

if.end9.i:                                        ; preds = %if.end.i, %if.end73.i
  %indvars.iv59 = phi i64 [ %indvars.iv.next60, %if.end73.i ], [ %other, %if.end.i ]
  %indvars.iv57 = phi i64 [ %indvars.iv.next58, %if.end73.i ], [ %one, %if.end.i ]
  %left.0.i35 = phi i64 [ %sub76.i, %if.end73.i ], [ %limit, %if.end.i ]
  %2 = trunc nuw i64 %indvars.iv57 to i32
  %and.i = and i32 %2, 4095
  %cmp.i9 = icmp samesign ugt i32 %and.i, 4080
  %3 = trunc nuw i64 %indvars.iv59 to i32
  %and.i11 = and i32 %3, 4095
  %cmp.i12 = icmp samesign ugt i32 %and.i11, 4080
  %or.cond19 = select i1 %cmp.i9, i1 true, i1 %cmp.i12
  br i1 %or.cond19, label %for.body.i, label %if.then14.i

if.then14.i:                                      ; preds = %if.end9.i
  %4 = inttoptr i32 %2 to ptr
  %5 = load <16 x i8>, ptr %4, align 1
  %6 = inttoptr i32 %3 to ptr
  %7 = load <16 x i8>, ptr %6, align 1
  %cmp17.i = icmp eq <16 x i8> %5, %7
  %sext.i = sext <16 x i1> %cmp17.i to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i)
  %xor.i = xor i32 %8, 65535
  %cmp.i14 = icmp eq <16 x i8> %5, zeroinitializer
  %sext.i15 = sext <16 x i1> %cmp.i14 to <16 x i8>
  %9 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i15)
  %or.i = or i32 %xor.i, %9
  %tobool20.not.i = icmp eq i32 %or.i, 0
  br i1 %tobool20.not.i, label %cleanup.i, label %if.then21.i

if.then21.i:                                      ; preds = %if.then14.i
  %10 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %or.i, i1 true)
  %conv22.i = zext nneg i32 %10 to i64
  %cmp23.i = icmp ugt i64 %left.0.i35, %conv22.i
  br i1 %cmp23.i, label %cond.true.i, label %cond.end

cond.true.i:                                      ; preds = %if.then21.i
  %add.i = add nuw i32 %10, %2
  %11 = inttoptr i32 %add.i to ptr
  %12 = load i8, ptr %11, align 1
  %conv26.i = zext i8 %12 to i64
  %add27.i = add nuw i32 %10, %3
  %13 = inttoptr i32 %add27.i to ptr
  %14 = load i8, ptr %13, align 1
  %conv29.i = zext i8 %14 to i64
  %sub.i = sub nsw i64 %conv26.i, %conv29.i
  %15 = and i64 %sub.i, 4294967295
  br label %cond.end

cleanup.i:                                        ; preds = %if.then14.i
  %cmp32.i = icmp ugt i64 %left.0.i35, 16
  br i1 %cmp32.i, label %if.end73.i, label %cond.end

for.cond38.i:                                     ; preds = %if.end45.i
  %indvars.iv.next = add nuw nsw i64 %indvars.iv, 1
  %exitcond56 = icmp eq i64 %indvars.iv.next, 16
  br i1 %exitcond56, label %for.end.i, label %for.body.i

for.body.i:                                       ; preds = %if.end9.i, %for.cond38.i
  %indvars.iv = phi i64 [ %indvars.iv.next, %for.cond38.i ], [ 0, %if.end9.i ]
  %exitcond.not = icmp eq i64 %indvars.iv, %left.0.i35
  br i1 %exitcond.not, label %cond.end, label %if.end45.i

if.end45.i:                                       ; preds = %for.body.i
  %16 = add nuw nsw i64 %indvars.iv, %indvars.iv57
  %17 = trunc nuw i64 %16 to i32
  %18 = inttoptr i32 %17 to ptr
  %19 = load i8, ptr %18, align 1
  %20 = add nuw nsw i64 %indvars.iv, %indvars.iv59
  %21 = trunc nuw i64 %20 to i32
  %22 = inttoptr i32 %21 to ptr
  %23 = load i8, ptr %22, align 1
  %cmp53.i = icmp eq i8 %19, %23
  %tobool56.i = icmp ne i8 %19, 0
  %or.cond83.i = and i1 %tobool56.i, %cmp53.i
  br i1 %or.cond83.i, label %for.cond38.i, label %cond.end.loopexit.split.loop.exit

for.end.i:                                        ; preds = %for.cond38.i
  %cmp69.i = icmp ult i64 %left.0.i35, 17
  br i1 %cmp69.i, label %cond.end, label %if.end73.i

if.end73.i:                                       ; preds = %for.end.i, %cleanup.i
  %indvars.iv.next58 = add nuw nsw i64 %indvars.iv57, 16
  %indvars.iv.next60 = add nuw nsw i64 %indvars.iv59, 16
  %sub76.i = add i64 %left.0.i35, -16
  %cmp.i = icmp samesign ugt i64 %indvars.iv57, 2684223456
  %cmp6.i = icmp samesign ugt i64 %indvars.iv59, 2684223456
  %or.cond.i = select i1 %cmp.i, i1 true, i1 %cmp6.i
  br i1 %or.cond.i, label %cond.end, label %if.end9.i

cond.end.loopexit.split.loop.exit:                ; preds = %if.end45.i
  %conv52.i.le = zext i8 %23 to i64
  %conv51.i.le = zext i8 %19 to i64
  %sub60.i.le = sub nsw i64 %conv51.i.le, %conv52.i.le
  %conv61.i.le = and i64 %sub60.i.le, 4294967295
  br label %cond.end

cond.end:                                         ; preds = %if.end73.i, %cleanup.i, %for.end.i, %for.body.i, %if.end.i, %cond.end.loopexit.split.loop.exit, %if.then21.i, %cond.true.i, %cond.true, %entry
  %cond = phi i64 [ 0, %entry ], [ -1, %cond.true ], [ %15, %cond.true.i ], [ 0, %if.then21.i ], [ -1, %if.end.i ], [ %conv61.i.le, %cond.end.loopexit.split.loop.exit ], [ 0, %for.body.i ], [ 0, %cleanup.i ], [ -1, %if.end73.i ], [ 0, %for.end.i ]
  ret i64 %cond
}

define internal range(i64 -1, 5368446976) i64 @string_copy_end(i64 noundef %to, i64 noundef %from) nounwind null_pointer_is_valid {
entry:
  %0 = add i64 %from, -2684223488
  %narrow.i.i = icmp ult i64 %0, -2684157952
  br i1 %narrow.i.i, label %cleanup, label %if.end.i.i

if.end.i.i:                                       ; preds = %entry
  %conv.i = trunc nuw i64 %from to i32
  %and.i.i = and i32 %conv.i, -16
  %1 = inttoptr i32 %and.i.i to ptr
  %2 = load <16 x i8>, ptr %1, align 16
  %cmp.i.i = icmp eq <16 x i8> %2, zeroinitializer
  %sext.i.i = sext <16 x i1> %cmp.i.i to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i.i)
  %and5.i.i = and i32 %conv.i, 15
  %shl.i.i = shl nuw nsw i32 65535, %and5.i.i
  %and6.i.i = and i32 %3, %shl.i.i
  %tobool7.not.i16.i = icmp eq i32 %and6.i.i, 0
  br i1 %tobool7.not.i16.i, label %while.body.i.i, label %scan.exit.i

while.body.i.i:                                   ; preds = %if.end.i.i, %if.end10.i.i
  %block.0.i17.i = phi i32 [ %add.i.i, %if.end10.i.i ], [ %and.i.i, %if.end.i.i ]
  %add.i.i = add i32 %block.0.i17.i, 16
  %cmp8.not.i.i = icmp ult i32 %add.i.i, -1610743808
  br i1 %cmp8.not.i.i, label %if.end10.i.i, label %cleanup

if.end10.i.i:                                     ; preds = %while.body.i.i
  %4 = inttoptr i32 %add.i.i to ptr
  %5 = load <16 x i8>, ptr %4, align 16
  %cmp.i7.i = icmp eq <16 x i8> %5, zeroinitializer
  %sext.i8.i = sext <16 x i1> %cmp.i7.i to <16 x i8>
  %6 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i8.i)
  %tobool7.not.i.i = icmp eq i32 %6, 0
  br i1 %tobool7.not.i.i, label %while.body.i.i, label %scan.exit.i

scan.exit.i:                                      ; preds = %if.end10.i.i, %if.end.i.i
  %block.0.i.lcssa.i = phi i32 [ %and.i.i, %if.end.i.i ], [ %add.i.i, %if.end10.i.i ]
  %found.1.i.lcssa.i = phi i32 [ %and6.i.i, %if.end.i.i ], [ %6, %if.end10.i.i ]
  %7 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %found.1.i.lcssa.i, i1 true)
  %add18.i.i = add nuw i32 %7, %block.0.i.lcssa.i
  %add18.i.fr.i = freeze i32 %add18.i.i
  %cond.i.i = tail call i32 @llvm.umin.i32(i32 %add18.i.fr.i, i32 -1610743808)
  %cmp.i = icmp ugt i32 %add18.i.fr.i, -1610743809
  %sub.i = sub i32 %cond.i.i, %conv.i
  %conv3.i = zext i32 %sub.i to i64
  br i1 %cmp.i, label %cleanup, label %lor.lhs.false

lor.lhs.false:                                    ; preds = %scan.exit.i
  %8 = add i64 %to, -2684223489
  %or.cond.i = icmp ult i64 %8, -2684157953
  %sub.i10 = sub nuw nsw i64 2684223488, %to
  %cmp2.i = icmp samesign ule i64 %sub.i10, %conv3.i
  %narrow.i.not = select i1 %or.cond.i, i1 true, i1 %cmp2.i
  br i1 %narrow.i.not, label %cleanup, label %if.end

if.end:                                           ; preds = %lor.lhs.false
  %add = add nuw nsw i64 %conv3.i, 1
  %call3 = tail call i64 @string_move(i64 noundef %to, i64 noundef %from, i64 noundef %add)
  %add4 = add nsw i64 %call3, %conv3.i
  br label %cleanup

cleanup:                                          ; preds = %while.body.i.i, %scan.exit.i, %entry, %lor.lhs.false, %if.end
  %retval.0 = phi i64 [ %add4, %if.end ], [ -1, %lor.lhs.false ], [ -1, %entry ], [ -1, %scan.exit.i ], [ -1, %while.body.i.i ]
  ret i64 %retval.0
}

declare i32 @llvm.wasm.bitmask.v16i8(<16 x i8>)

declare i32 @llvm.umin.i32(i32, i32)
